import type { AttemptInput, RequestEvent } from '../../machines/request-events.ts';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import { isRefusal } from '../domain/failures/failure-table.ts';
import { isFailure, type Outcome, type Usage } from '../domain/failures/outcome.ts';
import type { Redactor } from '../domain/secrets/secrets.ts';
import type { ProviderSettings } from '../domain/settings/settings.ts';
import type { Clock } from '../domain/time.ts';
import type { WalkedBody } from '../protocols/anthropic/body-walker.ts';
import type { RequestWatch } from '../telemetry/inspection-sink.ts';
import { startAttempt } from '../upstream/attempt.ts';
import type {
  ClientSide,
  CommittedAnswer,
  RunningAttempt,
  UpstreamAnswer,
} from '../upstream/attempt-types.ts';
import { clientRedactor } from './client-secrets.ts';
import type { ClientRequest } from './interface.ts';
import {
  type AnswerWay,
  adapterOf,
  asksStream,
  type MadeRequest,
  type ProviderAdapters,
  type RepeatedRequest,
} from './provider-adapter.ts';
import type { Runtime } from './runtime.ts';

/** What the attempts of one request are made with. */
export interface AttemptsOptions {
  /** Without its body, which is let go at the commit. */
  readonly request: Omit<ClientRequest, 'body'>;
  readonly stream: boolean;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly buffers: BufferBudget;
  readonly redactor: Redactor;
  readonly adapters: ProviderAdapters;
  /** The whole time the request has until its first content, ms. */
  readonly budgetMs: number;
  /** Where the inspector follows the request. */
  readonly watch?: RequestWatch | undefined;
  /** Told of an exception of ours in an attempt. */
  readonly onFault: (error: unknown) => void;
}

/** The commit: gives where the answer goes. The body has been let go. */
type Committed = (answer: CommittedAnswer, input: AttemptInput, provider: ProviderSettings) => ClientSide;

/** Sends the attempts of one request upstream, and keeps its body and what providers answered as long as they are needed. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #onCommitted: Committed;
  readonly #answers = new Map<number, UpstreamAnswer>();
  /** Let go at the commit: nothing can be repeated afterwards. */
  #body: WalkedBody | undefined;
  #running: RunningAttempt | undefined;
  #count = 0;
  /** Events that the chart is told in a moment: whatever follows has to come after them. */
  #untold = 0;

  constructor(body: WalkedBody, options: AttemptsOptions, onCommitted: Committed) {
    this.#options = options;
    this.#onCommitted = onCommitted;
    this.#body = body;
  }

  /** Undefined once it has been let go. */
  get body(): WalkedBody | undefined {
    return this.#body;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** What a provider said to an attempt, by its number, where it may go back to the client. */
  answerTo(number: number): UpstreamAnswer | undefined {
    return this.#answers.get(number);
  }

  /** Starts an attempt and reports to the chart. */
  send(input: AttemptInput, tell: (event: RequestEvent) => void): void {
    const { runtime, stream, clock, buffers, request, budgetMs, watch } = this.#options;
    const provider = runtime.providers.get(input.candidate.provider);
    const transport = runtime.transportOf(input.candidate.provider);
    if (provider === undefined || transport === undefined || this.#body === undefined)
      throw new Error(`attempt ${input.attemptId} has no provider or no body`);
    this.#count = input.number;
    const made = this.#requestTo(provider, input, this.#body);
    if (made.kind === 'not_sent') {
      this.#settled(made.outcome, made.answer === undefined ? {} : { answer: made.answer }, input, tell);
      return;
    }
    // Not `made`, which holds the body, but how its answer is read lives as long as the attempt.
    const { way } = made;
    watch?.asked(input.number, made.request.url, made.request.headers);
    const running = startAttempt(
      { transport: way?.transport(transport) ?? transport, request: made.request },
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
        reached: watch === undefined ? undefined : (what) => watch.reached(input.number, what),
        settled: (outcome, facts) =>
          this.#settled(this.#judged(outcome, facts.answer, way, provider, input), facts, input, tell),
        faulted: (error) => this.#options.onFault(error),
      },
    );
    this.#running = running;
  }

  /** The clients read again. */
  resume(): void {
    this.#running?.resume();
  }

  /** Ends the attempt that runs, if one does, without a verdict. */
  abort(): void {
    this.#running?.abort();
  }

  letBodyGo(): void {
    if (this.#body === undefined) return;
    this.#body = undefined;
    this.#options.request.releaseBody();
  }

  #requestTo(provider: ProviderSettings, input: AttemptInput, body: WalkedBody): MadeRequest {
    return adapterOf(this.#options.adapters, provider).make(
      this.#repeatedTo(provider, body),
      provider,
      input,
    );
  }

  #repeatedTo({ id }: ProviderSettings, body: WalkedBody): RepeatedRequest {
    const { request, stream, runtime } = this.#options;
    return { request, body, stream, host: runtime.hosts.get(id) ?? '' };
  }

  /** The request is made once more for it: whoever kept it until the end would keep its body over the whole answer. */
  #judged(
    outcome: Outcome,
    answer: UpstreamAnswer | undefined,
    way: AnswerWay | undefined,
    provider: ProviderSettings,
    input: AttemptInput,
  ): Outcome {
    const body = this.#body;
    if (body === undefined || answer === undefined || !isFailure(outcome)) return outcome;
    const { adapters, redactor } = this.#options;
    const repeated = this.#repeatedTo(provider, body);
    const redact = (text: string): string => redactor.text(text);
    return adapterOf(adapters, provider).judged(outcome, { repeated, provider, input, answer, way, redact });
  }

  #committed(
    answer: CommittedAnswer,
    input: AttemptInput,
    provider: ProviderSettings,
    tell: (event: RequestEvent) => void,
  ): ClientSide {
    const { watch } = this.#options;
    watch?.answered(input.number, answer.status, answer.headers);
    this.letBodyGo();
    this.#answers.clear();
    const side = this.#onCommitted(answer, input, provider);
    this.#tellLater({ type: 'attempt.committed' }, tell);
    if (watch?.captures !== true) return side;
    if (answer.body !== undefined) watch.capture(answer.body);
    return capturing(side, (bytes) => watch.capture(bytes));
  }

  #settled(
    outcome: Outcome,
    facts: { readonly usage?: Usage; readonly answer?: UpstreamAnswer },
    input: AttemptInput,
    tell: (event: RequestEvent) => void,
  ): void {
    if (facts.answer !== undefined) {
      const { status, headers, body } = facts.answer;
      this.#options.watch?.answered(input.number, status, headers, body);
    }
    if (facts.answer !== undefined && this.#mayGoBack(outcome)) this.#answers.set(input.number, facts.answer);
    const event: RequestEvent = {
      type: 'attempt.settled',
      outcome: isFailure(outcome) ? { ...outcome, detail: this.#struck(outcome.detail) } : outcome,
      ...(facts.usage === undefined ? {} : { usage: facts.usage }),
    };
    if (this.#untold > 0 || outcome.kind === 'success') this.#tellLater(event, tell);
    else tell(event);
  }

  /**
   * An answer's bytes come first: Node sends what was written before microtasks run, so the chart takes its steps while
   * they are on their way (docs/performance.md). In order, and before anything else comes in.
   */
  #tellLater(event: RequestEvent, tell: (event: RequestEvent) => void): void {
    this.#untold += 1;
    queueMicrotask(() => {
      this.#untold -= 1;
      try {
        tell(event);
      } catch (error) {
        this.#options.onFault(error);
      }
    });
  }

  /** Words that logs and `/providers` show: without any credential, the client's own included. */
  #struck(detail: string): string {
    const { redactor, request } = this.#options;
    return clientRedactor(request.headers).text(redactor.text(detail));
  }

  /** Of the others only the failure's words are kept: many large answers are not worth their room. */
  #mayGoBack(outcome: Outcome): boolean {
    const { failoverBelowThreshold } = this.#options.runtime.configuration.settings.resilience;
    return !failoverBelowThreshold || (isFailure(outcome) && isRefusal(outcome.kind));
  }
}

/** The client's side, with a copy of what passes. */
function capturing(side: ClientSide, capture: (bytes: Buffer) => void): ClientSide {
  return {
    chunk(bytes, atBoundary) {
      capture(bytes);
      return side.chunk(bytes, atBoundary);
    },
    end: (isBroken) => side.end(isBroken),
  };
}
