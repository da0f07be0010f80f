import type { AttemptInput, RequestEvent, RequestOutput } from '../../machines/request-events.ts';
import { endedByItself } from '../broadcast/whole-stream.ts';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import type { Candidate } from '../domain/candidate.ts';
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
import { clientRedactor } from './client-secrets.ts';
import type { ClientRequest } from './interface.ts';
import { Listing } from './listing.ts';
import type { WholeReply } from './local-replies.ts';
import {
  type AnswerWay,
  adapterOf,
  asksStream,
  type MadeRequest,
  type ProviderAdapters,
} from './provider-adapter.ts';
import { providerErrorKeys } from './provider-error.ts';
import { refuse } from './refusal-reply.ts';
import { answerHeaders, steering } from './reply-headers.ts';
import type { Runtime } from './runtime.ts';
import { allowsMore, type Seat } from './seat.ts';
import type { Storable } from './stored-answers.ts';

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
  readonly adapters: ProviderAdapters;
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
        // What has come to its end is not aborted for want of readers: its verdict follows, and its usage.
        if (!this.#isOver && !this.#audience.hasEnded) this.#options.onAbandoned();
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
    if (this.#body === undefined || this.#audience.size === 0) return;
    // Its body would leave the budget with its connection; it is still wanted here, and not to be booked twice.
    this.#options.request.releaseBody();
    this.listing.bookBody();
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
    this.#audience.sendOn(({ pinnedTo }) => pinnedTo?.has(input.candidate.provider) === false);
    // Those were the last, and the chart has been told.
    if (this.#audience.size === 0) return () => {};
    const made = this.#requestTo(provider, input, this.#body);
    if (made.kind === 'not_sent') {
      this.#settled(made.outcome, made.answer === undefined ? {} : { answer: made.answer }, input, tell);
      return () => {};
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
        committed: (answer) => {
          watch?.answered(input.number, answer.status, answer.headers);
          const side = this.#committed(answer, input, provider, tell);
          if (watch?.captures !== true) return side;
          if (answer.body !== undefined) watch.capture(answer.body);
          return capturing(side, (bytes) => watch.capture(bytes));
        },
        ...(watch === undefined ? {} : { reached: (what) => watch.reached(input.number, what) }),
        settled: (outcome, facts) =>
          this.#settled(this.#judged(outcome, facts.answer, way, provider, input), facts, input, tell),
        faulted: (error) => this.#options.onFault(error),
      },
    );
    this.#running = running;
    return () => running.abort();
  }

  #requestTo(provider: ProviderSettings, input: AttemptInput, body: WalkedBody): MadeRequest {
    const { request, stream, adapters } = this.#options;
    return adapterOf(adapters, provider).make({ request, body, stream }, provider, input);
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
    const { request, stream, adapters, redactor } = this.#options;
    const repeated = { request, body, stream };
    const redact = (text: string): string => redactor.text(text);
    return adapterOf(adapters, provider).judged(outcome, { repeated, provider, input, answer, way, redact });
  }

  /** Writes the end that the chart has come to. `finalError` is asked only where every candidate failed. */
  finish(output: RequestOutput, finalError: (request: RequestFacts) => FinalError): void {
    this.#end();
    if (output.result === 'refused' || output.result === 'exhausted') this.#sendUnpinnedOn();
    if (output.result === 'exhausted') this.#sendPatientOn();
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

  /** No provider counted it: ends with a count of our own. Whoever comes meanwhile begins anew. */
  async answerWithCount(
    countTokens: (body: Buffer) => Promise<number>,
    replyTo: (request: RequestFacts, tokens: number) => WholeReply,
  ): Promise<void> {
    this.#isOver = true;
    this.listing.close();
    const tokens = await countTokens(this.#body?.bytes ?? Buffer.alloc(0));
    this.#end();
    this.#audience.endAll('local', ({ client, facts }) => {
      const { status, headers, body } = replyTo(facts, tokens);
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
    this.#audience.sendOn(({ pinnedTo }) => pinnedTo === undefined);
  }

  /** Where the first client's time is over, others may have more of it. */
  #sendPatientOn(): void {
    const now = this.#options.clock.now();
    if (now < this.#options.leader.deadlineAt) return;
    this.#audience.sendOn(({ deadlineAt }) => deadlineAt > now);
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
    // In this order, so that the room for it need not be there twice.
    this.#letBodyGo();
    if (!isWhole) this.listing.bookBody();
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
      outcome: isFailure(outcome) ? { ...outcome, detail: this.#struck(outcome.detail) } : outcome,
      ...(facts.usage === undefined ? {} : { usage: facts.usage }),
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
