import type { AttemptInput, RequestEvent, RequestOutput } from '../../machines/request-events.ts';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import { readErrorBody } from '../domain/error-body.ts';
import { errorBody, errorTypeOf, statusOfError } from '../domain/error-envelope.ts';
import { isRefusal } from '../domain/failure-table.ts';
import { isFailure, type Outcome, type Usage } from '../domain/outcome.ts';
import type { FinalError } from '../domain/refusal.ts';
import type { Redactor } from '../domain/secrets.ts';
import type { ProviderSettings } from '../domain/settings.ts';
import type { Clock } from '../domain/time.ts';
import { spliceBody } from '../protocols/anthropic/body-splice.ts';
import type { WalkedBody } from '../protocols/anthropic/body-walker.ts';
import { CLIENT_PING, clientError } from '../protocols/anthropic/client-events.ts';
import { withoutThinking } from '../protocols/anthropic/foreign-thinking.ts';
import { startAttempt } from '../upstream/attempt.ts';
import type {
  ClientSide,
  CommittedAnswer,
  RunningAttempt,
  UpstreamAnswer,
} from '../upstream/attempt-types.ts';
import { upstreamHeaders } from '../upstream/request-headers.ts';
import { clientHeaders, type OwnHeaders } from '../upstream/response-headers.ts';
import type { ClientRequest, Reply } from './interface.ts';
import type { WholeReply } from './local-replies.ts';
import { createReplyWriter, type ReplyWriter } from './reply-writer.ts';
import type { Runtime } from './runtime.ts';

/** What one request's exchange is given. */
export interface ExchangeOptions {
  /** Without its body, which is let go at the commit. */
  readonly request: Omit<ClientRequest, 'body'>;
  readonly walked: WalkedBody;
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

/** A client waits this long for headers in patience; then it gets them, with pings, and failover goes on behind. ms */
const EARLY_HEADERS_MS = 60_000;

/**
 * The effects of one request: sends its attempts upstream, keeps what providers answered, and writes the reply. What
 * happens when is decided by the request's chart.
 */
export class Exchange {
  readonly #options: Omit<ExchangeOptions, 'walked'>;
  readonly #writer: ReplyWriter;
  readonly #answers = new Map<number, UpstreamAnswer>();
  readonly #early: unknown;
  /** Let go at the commit: nothing can be repeated afterwards. */
  #body: WalkedBody | undefined;
  #running: RunningAttempt | undefined;
  #attempts = 0;
  #firstContentAt: number | undefined;
  #status = 0;
  #error: string | undefined;

  constructor({ walked, ...options }: ExchangeOptions) {
    this.#options = options;
    this.#body = walked;
    const { clock, runtime, stream } = options;
    this.#writer = createReplyWriter({
      clock,
      pingIntervalMs: runtime.configuration.settings.pingIntervalMs,
      ping: CLIENT_PING,
      onResume: () => this.#running?.resume(),
    });
    this.#early = stream ? clock.setTimeout(() => this.#openEarly(), EARLY_HEADERS_MS) : undefined;
  }

  get reply(): Promise<Reply> {
    return this.#writer.reply;
  }

  /** Wall clock ms of the first content sent. */
  get firstContentAt(): number | undefined {
    return this.#firstContentAt;
  }

  /** Status sent to the client; 0: none yet. */
  get status(): number {
    return this.#status;
  }

  /** The final error's message, where there was one. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Starts an attempt and reports to the chart. The function it gives aborts. */
  attempt(input: AttemptInput, tell: (event: RequestEvent) => void): () => void {
    const { runtime, stream, clock, buffers, request, budgetMs } = this.#options;
    const provider = runtime.providers.get(input.candidate.provider);
    const transport = runtime.transportOf(input.candidate.provider);
    if (provider === undefined || transport === undefined || this.#body === undefined)
      throw new Error(`attempt ${input.attemptId} has no provider or no body`);
    this.#attempts = input.number;
    const headers = upstreamHeaders(request.headers, provider, { isOwnKey: this.#options.isOwnKey });
    if (headers.kind === 'no_credential') {
      const outcome = { kind: 'client_credentials', phase: 'headers', detail: headers.reason } as const;
      tell({ type: 'attempt.settled', outcome });
      return () => {};
    }
    const limits = stream ? provider.timeouts.streaming : provider.timeouts.nonStreaming;
    const running = startAttempt(
      {
        transport,
        request: {
          method: 'POST',
          url: provider.baseUrl + request.path,
          headers: headers.headers,
          body: this.#bytesFor(this.#body, input),
          connectTimeoutMs: limits.connectMs,
          poolTimeoutMs: limits.poolMs,
          fresh: input.repair === 'fresh_connection',
        },
        endpoint: request.endpoint,
        stream,
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
        settled: (outcome, facts) => this.#settled(outcome, facts, input, tell),
        faulted: (error) => this.#options.onFault(error),
      },
    );
    this.#running = running;
    return () => running.abort();
  }

  /** Writes the end that the chart has come to. `finalError` is asked only where every candidate failed. */
  finish(output: RequestOutput, finalError: () => FinalError): void {
    this.#options.clock.clearTimeout(this.#early);
    this.#letBodyGo();
    switch (output.result) {
      case 'served':
        break;
      case 'broken':
        this.#breakOff(errorOf(output));
        break;
      case 'refused':
        this.#refuse(output);
        break;
      case 'exhausted': {
        const { status, type, message, headers } = finalError();
        this.#giveUp(status, type, message, steering(headers));
        break;
      }
      case 'cancelled':
        this.#writer.abandon();
    }
  }

  /** An exception of ours: 500, or a cut where bytes are out already. */
  fault(): void {
    this.#running?.abort();
    this.#options.clock.clearTimeout(this.#early);
    this.#letBodyGo();
    const message = `The balancer failed on this request (${this.#options.request.id}). Its log says why.`;
    this.#error = message;
    if (this.#writer.state === 'open') this.#breakOff({ type: 'api_error', message });
    else this.#complete(500, JSON_HEADERS, Buffer.from(errorBody('api_error', message)));
  }

  /** Ends with a whole reply of our own. */
  answerLocally({ status, headers, body }: WholeReply): void {
    this.#options.clock.clearTimeout(this.#early);
    this.#letBodyGo();
    this.#complete(status, headers, body);
  }

  #bytesFor(body: WalkedBody, input: AttemptInput): Buffer {
    const bytes = spliceBody(body, { model: input.candidate.model });
    return input.repair === 'without_thinking' ? withoutThinking(bytes) : bytes;
  }

  #committed(
    answer: CommittedAnswer,
    input: AttemptInput,
    provider: ProviderSettings,
    tell: (event: RequestEvent) => void,
  ): ClientSide {
    const { clock, request } = this.#options;
    clock.clearTimeout(this.#early);
    this.#firstContentAt = clock.now();
    this.#letBodyGo();
    this.#answers.clear();
    const form = answer.body === undefined ? 'text/event-stream; charset=utf-8' : 'application/json';
    const headers = this.#headers(answer.rewritten ? withType(answer.headers, form) : answer.headers, {
      provider: provider.name,
      attempts: input.number,
      requestId: request.id,
      // A stream ends at message_stop, whatever length was announced.
      bodyMayDiffer: answer.rewritten || answer.body === undefined,
    });
    if (answer.body !== undefined) this.#complete(answer.status, headers, answer.body);
    else {
      this.#status = this.#status === 0 ? answer.status : this.#status;
      this.#writer.open(answer.status, headers);
    }
    tell({ type: 'attempt.committed' });
    return this.#writer;
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

  #openEarly(): void {
    if (this.#writer.state !== 'unopened') return;
    this.#status = 200;
    this.#writer.open(200, [
      'content-type',
      'text/event-stream; charset=utf-8',
      'cache-control',
      'no-cache',
      'x-balancer-request-id',
      this.#options.request.id,
    ]);
    this.#writer.chunk(CLIENT_PING, true);
  }

  /** A provider's own answer goes back with its status and words; only our secrets are struck out of it. */
  #refuse(output: RequestOutput): void {
    const { redactor, request, runtime } = this.#options;
    const number = output.attempt ?? 0;
    const answer = this.#answers.get(number);
    const attempt = output.trace.attempts[number - 1];
    const failure =
      attempt?.outcome !== undefined && isFailure(attempt.outcome) ? attempt.outcome : undefined;
    this.#error = failure?.detail;
    if (answer === undefined) {
      const [status, type] =
        failure?.kind === 'client_credentials' ? [401, 'authentication_error'] : [500, 'api_error'];
      this.#giveUp(status, type, failure?.detail ?? output.reason, []);
      return;
    }
    const words = readErrorBody(answer.body.toString('utf8'));
    const status = answer.status < 300 ? (statusOfError(words) ?? 400) : answer.status;
    const body = redactor.bytes(answer.body);
    if (this.#writer.state === 'open') {
      const type = words.type ?? errorTypeOf(status);
      this.#endWithError({ type, message: redactor.text(words.message ?? failure?.detail ?? output.reason) });
      return;
    }
    const provider = runtime.providers.get(attempt?.candidate.provider ?? '')?.name ?? '';
    const type = status === answer.status ? answer.headers : withType(answer.headers, 'application/json');
    const headers = this.#headers(type, {
      provider,
      attempts: this.#attempts,
      requestId: request.id,
      bodyMayDiffer: true,
    });
    this.#complete(status, headers, body);
  }

  #giveUp(status: number, type: string, message: string, headers: readonly string[]): void {
    const { request } = this.#options;
    this.#error = message;
    if (this.#writer.state === 'open') {
      this.#breakOff({ type, message });
      return;
    }
    const ours = ['x-balancer-attempts', String(this.#attempts), 'x-balancer-request-id', request.id];
    const body = Buffer.from(errorBody(type, message, request.id));
    this.#complete(status, [...JSON_HEADERS, ...ours, ...headers], body);
  }

  /**
   * The end of a stream that has no proper one. Claude Code gets a cut: it repeats or continues by itself, while an
   * SSE error would cost it a non-streaming call. Others get an SSE error, unless an event is open.
   */
  #breakOff(error: { readonly type: string; readonly message: string }): void {
    if (this.#writer.state !== 'open') return;
    if (this.#options.isClaudeCode || !this.#writer.atBoundary) this.#writer.cut();
    else this.#endWithError(error);
  }

  #endWithError(error: { readonly type: string; readonly message: string }): void {
    this.#writer.chunk(clientError(error.type, error.message), true);
    this.#writer.end();
  }

  /** An answer's headers as the client gets them: without our secrets too. */
  #headers(upstream: readonly string[], own: OwnHeaders): readonly string[] {
    const { redactor } = this.#options;
    const text = upstream.join('\n');
    const isClean = redactor.text(text) === text;
    return clientHeaders(isClean ? upstream : upstream.map((part) => redactor.text(part)), own);
  }

  #complete(status: number, headers: readonly string[], body: Buffer): void {
    if (this.#writer.state !== 'unopened') return;
    this.#status = status;
    this.#writer.complete(status, headers, body);
  }

  #letBodyGo(): void {
    if (this.#body === undefined) return;
    this.#body = undefined;
    this.#options.request.releaseBody();
  }
}

/** The same headers under another content type. */
function withType(headers: readonly string[], type: string): string[] {
  const others = headers.filter((_, index) => headers[index - (index % 2)]?.toLowerCase() !== 'content-type');
  return ['content-type', type, ...others];
}

const JSON_HEADERS = ['content-type', 'application/json'];

/** The final error's headers that steer the client's retries. */
function steering(headers: readonly string[]): readonly string[] {
  return headers.filter((_, index) => headers[index - (index % 2)] !== 'content-type');
}

function errorOf(output: RequestOutput): { type: string; message: string } {
  const outcome = output.trace.attempts.at(-1)?.outcome;
  const detail = outcome !== undefined && isFailure(outcome) ? outcome.detail : output.reason;
  return { type: 'api_error', message: `The provider's stream broke off: ${detail}` };
}
