import {
  type CacheUse,
  createResponseCache,
  type ResponseCache,
  type StoredAnswer,
} from '../broadcast/response-cache.ts';
import { messageOfStream } from '../broadcast/whole-stream.ts';
import { isNamed } from '../domain/header-name.ts';
import type { Redactor } from '../domain/secrets/secrets.ts';
import type { CacheSettings } from '../domain/settings/settings.ts';
import { readCount } from '../protocols/anthropic/answer.ts';
import { playMessage } from '../protocols/anthropic/message-player.ts';
import type { AdmittedRequest } from './admission.ts';
import type { WholeReply } from './local-replies.ts';
import { replyHeaders, withType } from './reply-headers.ts';
import type { RequestIdentified } from './request-identity.ts';
import { allowsMore } from './seat.ts';
import { messageIn } from './whole-message.ts';

/** An answer that came to its end. */
export type Storable = Pick<StoredAnswer, 'form' | 'body' | 'status' | 'headers' | 'provider' | 'model'>;

/** A kept answer as a reply to one more request. */
export interface HitReply {
  readonly reply: WholeReply;
  readonly provider: string;
  readonly model: string;
}

/** Kept answers: what goes in, and how it comes out. */
export class StoredAnswers {
  readonly #cache: ResponseCache;

  constructor(settings: CacheSettings, now: () => number) {
    this.#cache = createResponseCache(settings, now);
  }

  /** A kept answer to this request, in the form that it wants. */
  find(
    { request, walked, facts, runtime }: AdmittedRequest,
    { fingerprint, looks }: RequestIdentified,
    redactor: Redactor,
  ): HitReply | undefined {
    if (!looks) return undefined;
    this.#cache.limit(runtime.configuration.settings.cache);
    const hit = this.#cache.get(
      fingerprint,
      ({ stoppedAtLimit, maxTokens }) => !(stoppedAtLimit && allowsMore(walked.maxTokens, maxTokens)),
    );
    if (hit === undefined) return undefined;
    const { answer, ageMs } = hit;
    const stream = facts.stream && facts.endpoint === 'messages';
    const body = bodyAs(answer, stream);
    if (body === undefined) return undefined;
    const upstream = withType(
      answer.headers.filter((_, at) => !isNamed(answer.headers[at - (at % 2)], 'age')),
      stream ? 'text/event-stream; charset=utf-8' : 'application/json',
    );
    const name = runtime.providers.get(answer.provider)?.name ?? answer.provider;
    const own = { provider: name, attempts: 0, requestId: request.id, bodyMayDiffer: true };
    const headers = [
      ...replyHeaders(upstream, own, redactor),
      'x-balancer-cache',
      'hit',
      'age',
      String(Math.floor(ageMs / 1000)),
    ];
    return {
      reply: { status: answer.status, headers, body },
      provider: answer.provider,
      model: answer.model,
    };
  }

  /** Keeps the answers of one request; undefined: they are not to be kept. */
  keeper(
    { fingerprint, ttlMs }: RequestIdentified,
    endpoint: AdmittedRequest['request']['endpoint'],
    maxTokens: number | undefined,
  ): ((answer: Storable) => void) | undefined {
    if (ttlMs <= 0) return undefined;
    const keep = this.#cache.place(fingerprint, ttlMs);
    return (answer) => {
      const ending = endingOf(answer, endpoint);
      if (ending === undefined) return;
      const stoppedAtLimit = ending === 'max_tokens';
      keep({ ...answer, stoppedAtLimit, maxTokens });
    };
  }

  use(): CacheUse {
    return this.#cache.use();
  }

  /** Forgets what is too old, or with `all` everything; gives how many. */
  clear(all: boolean): number {
    return this.#cache.clear(all);
  }
}

/** How a whole and good answer ended; undefined: it is neither. */
function endingOf({ form, body }: Storable, endpoint: string): string | undefined {
  if (endpoint === 'count_tokens') return readCount(body).kind === 'count' ? 'counted' : undefined;
  const message = form === 'stream' ? messageOfStream(body) : messageIn(body).message;
  const ending = message?.stop_reason;
  return typeof ending === 'string' ? ending : undefined;
}

function bodyAs({ form, body }: StoredAnswer, stream: boolean): Buffer | undefined {
  if ((form === 'stream') === stream) return body;
  const message = form === 'stream' ? messageOfStream(body) : messageIn(body).message;
  if (message === undefined) return undefined;
  return stream ? playMessage(message) : Buffer.from(JSON.stringify(message));
}
