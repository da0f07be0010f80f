import type { AttemptInput, RequestEvent, RequestOutput } from '../../machines/request-events.ts';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import { isRefusal } from '../domain/failure-table.ts';
import { isFailure, type Outcome, type Usage } from '../domain/outcome.ts';
import type { FinalError } from '../domain/refusal.ts';
import type { Redactor } from '../domain/secrets.ts';
import type { ProviderSettings } from '../domain/settings.ts';
import type { Clock } from '../domain/time.ts';
import type { WalkedBody } from '../protocols/anthropic/body-walker.ts';
import { startAttempt } from '../upstream/attempt.ts';
import type {
  ClientSide,
  CommittedAnswer,
  RunningAttempt,
  UpstreamAnswer,
} from '../upstream/attempt-types.ts';
import { ClientReply, type ErrorWords } from './client-reply.ts';
import type { ClientRequest } from './interface.ts';
import type { WholeReply } from './local-replies.ts';
import { providerErrorKeys } from './provider-error.ts';
import { refusedAnswer } from './refused-answer.ts';
import { withUnknownParts } from './refused-parts.ts';
import { replyHeaders, steering, withType } from './reply-headers.ts';
import type { Runtime } from './runtime.ts';
import { asksStream, type MadeRequest, madeRequest } from './upstream-request.ts';

/** What one request's exchange is given. */
export interface ExchangeOptions {
  /** Without its body, which is let go at the commit. */
  readonly request: Omit<ClientRequest, 'body'>;
  readonly stream: boolean;
  /** Ours: sessions of Claude Code repair a cut themselves. */
  readonly isClaudeCode: boolean;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly buffers: BufferBudget;
  readonly redactor: Redactor;
  readonly isOwnKey: (value: string) => boolean;
  /** The whole time the request has until its first content, ms. */
  readonly budgetMs: number;
  /** Told of an exception of ours in an attempt. */
  readonly onFault: (error: unknown) => void;
}

/**
 * The effects of one request: sends its attempts upstream, keeps what providers answered, and writes the reply. What
 * happens when is decided by the request's chart.
 */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #client: ClientReply;
  readonly #answers = new Map<number, UpstreamAnswer>();
  /** Let go at the commit: nothing can be repeated afterwards. */
  #body: WalkedBody | undefined;
  #running: RunningAttempt | undefined;
  #attempts = 0;

  constructor(body: WalkedBody, options: ExchangeOptions) {
    this.#options = options;
    this.#body = body;
    const { clock, runtime, request, stream, isClaudeCode } = options;
    this.#client = new ClientReply({
      requestId: request.id,
      stream,
      isClaudeCode,
      clock,
      pingIntervalMs: runtime.configuration.settings.pingIntervalMs,
      onResume: () => this.#running?.resume(),
    });
  }

  /** What the client gets, and what it has got. */
  get client(): Pick<ClientReply, 'reply' | 'firstContentAt' | 'status' | 'error'> {
    return this.#client;
  }

  /** Starts an attempt and reports to the chart. The function it gives aborts. */
  attempt(input: AttemptInput, tell: (event: RequestEvent) => void): () => void {
    const { runtime, stream, clock, buffers, request, budgetMs } = this.#options;
    const provider = runtime.providers.get(input.candidate.provider);
    const transport = runtime.transportOf(input.candidate.provider);
    if (provider === undefined || transport === undefined || this.#body === undefined)
      throw new Error(`attempt ${input.attemptId} has no provider or no body`);
    this.#attempts = input.number;
    const made = this.#requestTo(provider, input, this.#body);
    if (made.kind === 'no_credential') {
      const outcome = { kind: 'client_credentials', phase: 'headers', detail: made.reason } as const;
      tell({ type: 'attempt.settled', outcome });
      return () => {};
    }
    const running = startAttempt(
      { transport, request: made.request },
      {
        endpoint: request.endpoint,
        stream,
        asksStream: asksStream(provider, stream, request.endpoint),
        streamingMode: provider.streamingMode,
        credential: provider.credential.kind === 'passthrough' ? 'passthrough' : 'own',
        timeouts: provider.timeouts,
        hurried: input.hurried,
        deadlineAt: input.deadlineAt,
        budgetMs,
        clock,
        lists: runtime.configuration.settings.unhealthy,
        buffers,
        redact: (bytes) => this.#options.redactor.bytes(bytes),
      },
      {
        committed: (answer) => this.#committed(answer, input, provider, tell),
        settled: (outcome, facts) =>
          this.#settled(this.#withUnknownParts(outcome, facts.answer, provider, input), facts, input, tell),
        faulted: (error) => this.#options.onFault(error),
      },
    );
    this.#running = running;
    return () => running.abort();
  }

  #requestTo(provider: ProviderSettings, input: AttemptInput, body: WalkedBody): MadeRequest {
    const { request, stream, isOwnKey } = this.#options;
    return madeRequest({ request, body, stream }, provider, input, isOwnKey);
  }

  /** The request is made once more for it: whoever kept it until the end would keep its body over the whole answer. */
  #withUnknownParts(
    outcome: Outcome,
    answer: UpstreamAnswer | undefined,
    provider: ProviderSettings,
    input: AttemptInput,
  ): Outcome {
    const body = this.#body;
    if (body === undefined || provider.type !== 'anthropic') return outcome;
    const sent = (): MadeRequest => this.#requestTo(provider, input, body);
    return withUnknownParts(outcome, answer, sent, (text) => this.#options.redactor.text(text));
  }

  /** Writes the end that the chart has come to. `finalError` is asked only where every candidate failed. */
  finish(output: RequestOutput, finalError: () => FinalError): void {
    this.#client.decided();
    this.#letBodyGo();
    switch (output.result) {
      case 'served':
        break;
      case 'broken':
        this.#client.breakOff(errorOf(output));
        break;
      case 'refused':
        this.#refuse(output);
        break;
      case 'exhausted': {
        const { status, type, message, headers } = finalError();
        const keys = providerErrorKeys(this.#options.runtime, output.trace.attempts);
        this.#client.giveUp(status, { type, message, keys }, this.#attempts, steering(headers));
        break;
      }
      case 'cancelled':
        this.#client.abandon();
    }
  }

  /** The balancer ends before the request has. */
  shutDown(): void {
    this.#client.decided();
    this.#letBodyGo();
    this.#client.shutDown(this.#attempts);
  }

  /** An exception of ours: 500, or a cut where bytes are out already. */
  fault(): void {
    this.#running?.abort();
    this.#client.decided();
    this.#letBodyGo();
    this.#client.fault(providerErrorKeys(this.#options.runtime, []));
  }

  /** Ends with a whole reply of our own. */
  answerLocally({ status, headers, body }: WholeReply): void {
    this.#client.decided();
    this.#letBodyGo();
    this.#client.complete(status, headers, body);
  }

  #committed(
    answer: CommittedAnswer,
    input: AttemptInput,
    provider: ProviderSettings,
    tell: (event: RequestEvent) => void,
  ): ClientSide {
    const { request, redactor } = this.#options;
    this.#client.decided();
    this.#letBodyGo();
    this.#answers.clear();
    const form = answer.body === undefined ? 'text/event-stream; charset=utf-8' : 'application/json';
    const own = {
      provider: provider.name,
      attempts: input.number,
      requestId: request.id,
      // A stream ends at message_stop, whatever length was announced.
      bodyMayDiffer: answer.rewritten || answer.body === undefined,
    };
    const headers = replyHeaders(
      answer.rewritten ? withType(answer.headers, form) : answer.headers,
      own,
      redactor,
    );
    const side = this.#client.commit(answer.status, headers, answer.body);
    tell({ type: 'attempt.committed' });
    return side;
  }

  #settled(
    outcome: Outcome,
    facts: { readonly usage?: Usage; readonly answer?: UpstreamAnswer },
    input: AttemptInput,
    tell: (event: RequestEvent) => void,
  ): void {
    if (facts.answer !== undefined && this.#mayGoBack(outcome)) this.#answers.set(input.number, facts.answer);
    tell({
      type: 'attempt.settled',
      outcome: isFailure(outcome)
        ? { ...outcome, detail: this.#options.redactor.text(outcome.detail) }
        : outcome,
      ...(facts.usage === undefined ? {} : { usage: facts.usage }),
    });
  }

  /** Of the others only the failure's words are kept: many large answers are not worth their room. */
  #mayGoBack(outcome: Outcome): boolean {
    const { failoverBelowThreshold } = this.#options.runtime.configuration.settings.resilience;
    return !failoverBelowThreshold || (isFailure(outcome) && isRefusal(outcome.kind));
  }

  /** A provider's own answer goes back, where it has words. */
  #refuse(output: RequestOutput): void {
    const { redactor, request, runtime } = this.#options;
    const number = output.attempt ?? 0;
    const answer = this.#answers.get(number);
    const attempt = output.trace.attempts[number - 1];
    const failure =
      attempt?.outcome !== undefined && isFailure(attempt.outcome) ? attempt.outcome : undefined;
    const message = failure?.detail ?? output.reason;
    if (answer === undefined) {
      const [status, type] =
        failure?.kind === 'client_credentials' ? [401, 'authentication_error'] : [500, 'api_error'];
      const keys = providerErrorKeys(runtime, output.trace.attempts);
      this.#client.giveUp(status, { type, message, keys }, this.#attempts, []);
      return;
    }
    this.#client.note(failure?.detail);
    const refused = refusedAnswer(answer, message, redactor);
    if (this.#client.isOpen) {
      this.#client.endWithError(refused.words);
      return;
    }
    const own = {
      provider: runtime.providers.get(attempt?.candidate.provider ?? '')?.name ?? '',
      attempts: this.#attempts,
      requestId: request.id,
      bodyMayDiffer: true,
    };
    this.#client.complete(refused.status, replyHeaders(refused.headers, own, redactor), refused.body);
  }

  #letBodyGo(): void {
    if (this.#body === undefined) return;
    this.#body = undefined;
    this.#options.request.releaseBody();
  }
}

/** What a stream that broke off ends with. */
function errorOf(output: RequestOutput): ErrorWords {
  const outcome = output.trace.attempts.at(-1)?.outcome;
  const detail = outcome !== undefined && isFailure(outcome) ? outcome.detail : output.reason;
  return { type: 'api_error', message: `The provider's stream broke off: ${detail}` };
}
