import type { AttemptInput, RequestEvent, RequestOutput } from '../../machines/request-events.ts';
import { endedByItself } from '../broadcast/whole-stream.ts';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import type { Candidate } from '../domain/candidate.ts';
import { withoutEcho } from '../domain/client-secrets.ts';
import { isRefusal } from '../domain/failure-table.ts';
import { isFailure, type Outcome, type Usage } from '../domain/outcome.ts';
import type { FinalError } from '../domain/refusal.ts';
import type { Redactor } from '../domain/secrets.ts';
import type { ProviderSettings } from '../domain/settings.ts';
import type { Clock } from '../domain/time.ts';
import type { WalkedBody } from '../protocols/anthropic/body-walker.ts';
import type { RequestFacts } from '../telemetry/events.ts';
import type { RequestWatch } from '../telemetry/inspection-sink.ts';
import { startAttempt } from '../upstream/attempt.ts';
import type {
  ClientSide,
  CommittedAnswer,
  RunningAttempt,
  UpstreamAnswer,
} from '../upstream/attempt-types.ts';
import { Audience } from './audience.ts';
import type { ErrorWords } from './client-reply.ts';
import type { ClientRequest } from './interface.ts';
import { Listing } from './listing.ts';
import type { WholeReply } from './local-replies.ts';
import { providerErrorKeys } from './provider-error.ts';
import { refuse } from './refusal-reply.ts';
import { withUnknownParts } from './refused-parts.ts';
import { answerHeaders, steering } from './reply-headers.ts';
import type { Runtime } from './runtime.ts';
import { allowsMore, type Seat } from './seat.ts';
import type { Storable } from './stored-answers.ts';
import { asksStream, type MadeRequest, madeRequest } from './upstream-request.ts';

/** What one request's exchange is given. */
export interface ExchangeOptions {
  /** Without its body, which is let go at the commit. */
  readonly request: Omit<ClientRequest, 'body'>;
  readonly stream: boolean;
  /** Whom it begins for. */
  readonly leader: Seat;
  /** Whether others may join it. */
  readonly isShared: boolean;
  /** Keeps a whole answer for later requests; undefined: it is not to be kept. */
  readonly store: ((answer: Storable) => void) | undefined;
  /** Nobody waits for it any more. */
  readonly onAbandoned: () => void;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly buffers: BufferBudget;
  readonly redactor: Redactor;
  readonly isOwnKey: (value: string) => boolean;
  /** The whole time the request has until its first content, ms. */
  readonly budgetMs: number;
  /** Where the inspector follows the request. */
  readonly watch?: RequestWatch | undefined;
  /** Told of an exception of ours in an attempt. */
  readonly onFault: (error: unknown) => void;
  /** Told of one on the way to a single client among several. */
  readonly onSeatFault: (error: unknown, seat: Seat) => void;
}

/**
 * The effects of one request: sends its attempts upstream, keeps what providers answered, and writes the reply. What
 * happens when is decided by the request's chart.
 */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #audience: Audience;
  /** Its place among those that can be joined. */
  readonly listing: Listing;
  readonly #answers = new Map<number, UpstreamAnswer>();
  /** Let go at the commit: nothing can be repeated afterwards. */
  #body: WalkedBody | undefined;
  #running: RunningAttempt | undefined;
  #attempts = 0;
  /** Who is asked at this moment, or answers. */
  #present: Candidate | undefined;
  #committedBy: { readonly answer: CommittedAnswer; readonly candidate: Candidate } | undefined;
  #isOver = false;

  constructor(body: WalkedBody, options: ExchangeOptions) {
    this.#options = options;
    this.#body = body;
    const { clock, runtime, buffers, leader, isShared, store } = options;
    const { deduplication } = runtime.configuration.settings;
    this.listing = new Listing({
      clock,
      buffers,
      lingerMs: deduplication.lingerMs,
      bodyBytes: body.bytes.length,
      lingeredInVain: () => {
        if (!this.#isOver) this.#options.onAbandoned();
      },
    });
    this.#audience = new Audience({
      maxReplayBytes: isShared || store !== undefined ? deduplication.maxReplayBytes : 0,
      maxQueueBytes: deduplication.maxQueueBytes,
      maxTokens: leader.maxTokens,
      buffers,
      resume: () => this.#running?.resume(),
      emptied: () => this.#emptied(),
      closed: () => this.listing.close(),
      ended: store === undefined ? undefined : (kept) => this.#storeStream(kept),
      now: deduplication.lingerMs > 0 ? () => clock.now() : undefined,
      faulted: (error, seat) => this.#seatFaulted(error, seat),
    });
    this.#audience.add(leader);
  }

  /** Whether a client with these wishes may join now. */
  accepts({ stream, maxTokens, pinnedTo }: Pick<Seat, 'stream' | 'maxTokens' | 'pinnedTo'>): boolean {
    if (this.#isOver || !this.listing.isOpen || !this.#audience.isOpen) return false;
    if (pinnedTo !== undefined && !pinnedTo.has(this.#present?.provider ?? '')) return false;
    return !(stream && this.#options.stream && allowsMore(maxTokens, this.#options.leader.maxTokens));
  }

  /** One more client. `false`: it came too late. */
  join(seat: Seat): boolean {
    if (!this.#audience.add(seat)) return false;
    this.listing.stopLingering();
    return true;
  }

  /** A client has left, or goes its own way. */
  leave(seat: Seat): void {
    if (!this.#audience.remove(seat) || seat !== this.#options.leader) return;
    // Its body leaves the budget with its connection; it is still wanted here.
    if (this.#body !== undefined && this.#audience.size > 0) this.listing.bookBody();
  }

  /** Whose answer it became. */
  get answeredBy(): { readonly provider: string; readonly model: string } | undefined {
    const candidate = this.#committedBy?.candidate;
    return candidate === undefined ? undefined : { provider: candidate.provider, model: candidate.model };
  }

  has(seat: Seat): boolean {
    return this.#audience.has(seat);
  }

  /** How it stands, for who looks at it from outside. */
  get view(): {
    readonly provider: string | undefined;
    readonly subscribers: number;
    readonly committed: boolean;
    readonly bytes: number;
  } {
    const { size: subscribers, hasBegun: committed, progress } = this.#audience;
    return { provider: this.#present?.provider, subscribers, committed, bytes: progress.bytes };
  }

  /** Starts an attempt and reports to the chart. The function it gives aborts. */
  attempt(input: AttemptInput, tell: (event: RequestEvent) => void): () => void {
    const { runtime, stream, clock, buffers, request, budgetMs, watch } = this.#options;
    const provider = runtime.providers.get(input.candidate.provider);
    const transport = runtime.transportOf(input.candidate.provider);
    if (provider === undefined || transport === undefined || this.#body === undefined)
      throw new Error(`attempt ${input.attemptId} has no provider or no body`);
    this.#attempts = input.number;
    this.#present = input.candidate;
    this.#audience.sendOn(({ pinnedTo }) => pinnedTo?.has(input.candidate.provider) === false, false);
    const made = this.#requestTo(provider, input, this.#body);
    if (made.kind === 'no_credential') {
      const outcome = { kind: 'client_credentials', phase: 'headers', detail: made.reason } as const;
      tell({ type: 'attempt.settled', outcome });
      return () => {};
    }
    watch?.asked(input.number, made.request.url, made.request.headers);
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
        committed: (answer) => {
          watch?.answered(input.number, answer.status, answer.headers);
          const side = this.#committed(answer, input, provider, tell);
          if (watch?.captures !== true) return side;
          if (answer.body !== undefined) watch.capture(answer.body);
          return capturing(side, (bytes) => watch.capture(bytes));
        },
        ...(watch === undefined ? {} : { reached: (what) => watch.reached(input.number, what) }),
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
  finish(output: RequestOutput, finalError: (request: RequestFacts) => FinalError): void {
    this.#end();
    if (output.result === 'refused' || output.result === 'exhausted') this.#sendUnpinnedOn();
    switch (output.result) {
      case 'served':
        break;
      case 'broken':
        this.#audience.breakOff(errorOf(output));
        break;
      case 'refused':
        this.#refuse(output);
        break;
      case 'exhausted': {
        const keys = providerErrorKeys(this.#options.runtime, output.trace.attempts);
        this.#audience.endAll('exhausted', ({ client, facts }) => {
          const { status, type, message, headers } = finalError(facts);
          client.giveUp(status, { type, message, keys }, this.#attempts, steering(headers));
        });
        break;
      }
      case 'cancelled':
        this.#audience.endAll('cancelled', ({ client }) => client.abandon());
        this.#audience.discard();
    }
  }

  /** The balancer ends before the request has. */
  shutDown(): void {
    this.#end();
    for (const seat of this.#audience.dismissed()) {
      seat.client.decided();
      seat.client.shutDown(this.#attempts);
      seat.ended(seat.client.firstContentAt === undefined ? 'exhausted' : 'broken');
    }
    this.#audience.discard();
  }

  /** An exception of ours: 500, or a cut where bytes are out already. */
  fault(): void {
    this.#running?.abort();
    this.#end();
    const keys = providerErrorKeys(this.#options.runtime, []);
    this.#audience.endAll('faulted', ({ client }) => client.fault(keys));
    this.#audience.discard();
  }

  /** Ends with whole replies of our own. */
  answerLocally(replyTo: (request: RequestFacts) => WholeReply): void {
    this.#end();
    this.#audience.endAll('local', ({ client, facts }) => {
      const { status, headers, body } = replyTo(facts);
      client.complete(status, headers, body);
    });
  }

  #refuse(output: RequestOutput): void {
    const { runtime, redactor } = this.#options;
    const answer = this.#answers.get(output.attempt ?? 0);
    const words = { output, answer, attempts: this.#attempts, runtime, redactor };
    this.#audience.endAll('refused', (seat) => refuse(seat, words));
  }

  /** Where the first client named its provider, others may be answered by more than that one. */
  #sendUnpinnedOn(): void {
    if (this.#options.leader.pinnedTo === undefined) return;
    this.#audience.sendOn(({ pinnedTo }) => pinnedTo === undefined, true);
  }

  #committed(
    answer: CommittedAnswer,
    input: AttemptInput,
    provider: ProviderSettings,
    tell: (event: RequestEvent) => void,
  ): ClientSide {
    const { redactor } = this.#options;
    const isWhole = answer.body !== undefined;
    this.#committedBy = { answer, candidate: input.candidate };
    if (!isWhole) this.listing.bookBody();
    this.#letBodyGo();
    this.#answers.clear();
    const headersFor = (seat: Seat): readonly string[] =>
      answerHeaders(answer, { provider: provider.name, attempts: input.number }, seat, redactor);
    const opened = { status: answer.status, headersFor };
    if (answer.body !== undefined) this.#store('message', answer.body);
    const side =
      answer.body === undefined
        ? this.#audience.openStream(opened)
        : this.#audience.deliver(opened, answer.body);
    tell({ type: 'attempt.committed' });
    return side;
  }

  #storeStream(kept: readonly Buffer[] | undefined): void {
    if (kept !== undefined && endedByItself(kept)) this.#store('stream', Buffer.concat(kept));
  }

  #store(form: Storable['form'], body: Buffer): void {
    const committed = this.#committedBy;
    if (committed === undefined) return;
    const { answer, candidate } = committed;
    const { status, headers } = answer;
    this.#options.store?.({
      form,
      body,
      status,
      headers,
      provider: candidate.provider,
      model: candidate.model,
    });
  }

  /** The last client has left before the end. */
  #emptied(): void {
    if (this.#isOver) return;
    if (this.listing.linger(this.#audience.progress.lastAt)) {
      this.#running?.resume();
      return;
    }
    this.listing.close();
    this.#options.onAbandoned();
  }

  #end(): void {
    this.#isOver = true;
    this.listing.close();
    this.#letBodyGo();
  }

  #seatFaulted(error: unknown, seat: Seat): void {
    if (this.#audience.size <= 1) {
      this.#options.onFault(error);
      return;
    }
    this.#options.onSeatFault(error, seat);
    this.#audience.remove(seat);
    seat.client.fault(providerErrorKeys(this.#options.runtime, []));
    seat.ended('faulted');
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
    tell({
      type: 'attempt.settled',
      outcome: isFailure(outcome) ? { ...outcome, detail: this.#shown(outcome.detail) } : outcome,
      ...(facts.usage === undefined ? {} : { usage: facts.usage }),
    });
  }

  /** A failure's words go into logs and to the client. */
  #shown(detail: string): string {
    const { redactor, request } = this.#options;
    return withoutEcho(redactor.text(detail), request.headers);
  }

  /** Of the others only the failure's words are kept: many large answers are not worth their room. */
  #mayGoBack(outcome: Outcome): boolean {
    const { failoverBelowThreshold } = this.#options.runtime.configuration.settings.resilience;
    return !failoverBelowThreshold || (isFailure(outcome) && isRefusal(outcome.kind));
  }

  #letBodyGo(): void {
    if (this.#body === undefined) return;
    this.#body = undefined;
    this.#options.request.releaseBody();
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

/** What a stream that broke off ends with. */
function errorOf(output: RequestOutput): ErrorWords {
  const outcome = output.trace.attempts.at(-1)?.outcome;
  const detail = outcome !== undefined && isFailure(outcome) ? outcome.detail : output.reason;
  return { type: 'api_error', message: `The provider's stream broke off: ${detail}` };
}
