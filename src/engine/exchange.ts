import type { AttemptInput, RequestEvent, RequestOutput } from '../../machines/request-events.ts';
import { endedByItself } from '../broadcast/whole-stream.ts';
import type { FinalError } from '../domain/refusal/refusal.ts';
import type { Candidate } from '../domain/routing/candidate.ts';
import type { ProviderSettings } from '../domain/settings/settings.ts';
import type { WalkedBody } from '../protocols/anthropic/body-walker.ts';
import type { RequestFacts } from '../telemetry/events.ts';
import type { ClientSide, CommittedAnswer } from '../upstream/attempt-types.ts';
import { Attempts, type AttemptsOptions } from './attempts.ts';
import { Audience } from './audience.ts';
import { writeEnd, writeFault, writeShutDown } from './exchange-end.ts';
import { Listing } from './listing.ts';
import type { WholeReply } from './local-replies.ts';
import { providerErrorKeys } from './provider-error.ts';
import { answerHeaders } from './reply-headers.ts';
import { allowsMore, type Seat } from './seat.ts';
import type { Storable } from './stored-answers.ts';

/** What one request's exchange is given. */
export interface ExchangeOptions extends AttemptsOptions {
  /** Whom it begins for. */
  readonly leader: Seat;
  /** Whether others may join it. */
  readonly isShared: boolean;
  /** Keeps a whole answer for later requests; undefined: it is not to be kept. */
  readonly store: ((answer: Storable) => void) | undefined;
  /** Nobody waits for it any more. */
  readonly onAbandoned: () => void;
  /** Told of an exception of ours on the way to a single client among several. */
  readonly onSeatFault: (error: unknown, seat: Seat) => void;
}

/**
 * The effects of one request: its attempts upstream, and the clients that are answered, with the place where more of them
 * find it. What happens when is decided by the request's chart.
 */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #audience: Audience;
  /** Its place among those that can be joined. */
  readonly listing: Listing;
  readonly #attempts: Attempts;
  /** Who is asked at this moment, or answers. */
  #present: Candidate | undefined;
  #committedBy: Omit<Storable, 'form' | 'body'> | undefined;
  #isOver = false;

  constructor(body: WalkedBody, options: ExchangeOptions) {
    this.#options = options;
    this.#attempts = new Attempts(body, options, (answer, input, provider) =>
      this.#committed(answer, input, provider),
    );
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
      resume: () => this.#attempts.resume(),
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
    if (this.#attempts.body === undefined || this.#audience.size === 0) return;
    // Its body would leave the budget with its connection; it is still wanted here, and not to be booked twice.
    this.#options.request.releaseBody();
    this.listing.bookBody();
  }

  /** Whose answer it became. */
  get answeredBy(): { readonly provider: string; readonly model: string } | undefined {
    if (this.#committedBy === undefined) return undefined;
    const { provider, model } = this.#committedBy;
    return { provider, model };
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

  /** Starts an attempt and reports to the chart. */
  attempt(input: AttemptInput, tell: (event: RequestEvent) => void): void {
    this.#present = input.candidate;
    this.#audience.sendOn(({ pinnedTo }) => pinnedTo?.has(input.candidate.provider) === false);
    // Those were the last, and the chart has been told.
    if (this.#audience.size > 0) this.#attempts.send(input, tell);
  }

  /** Ends the attempt that runs, if one does, without a verdict. */
  abortAttempt(): void {
    this.#attempts.abort();
  }

  /** Writes the end that the chart has come to. `finalError` is asked only where every candidate failed. */
  finish(output: RequestOutput, finalError: (request: RequestFacts) => FinalError): void {
    this.#end();
    const { leader, runtime, clock, redactor } = this.#options;
    const answer = this.#attempts.answerTo(output.attempt ?? 0);
    const attempts = this.#attempts.count;
    writeEnd(this.#audience, { output, answer, attempts, runtime, redactor, leader, clock, finalError });
  }

  /** The balancer ends before the request has. */
  shutDown(): void {
    this.#end();
    writeShutDown(this.#audience, this.#attempts.count);
  }

  /** An exception of ours: 500, or a cut where bytes are out already. */
  fault(): void {
    this.#attempts.abort();
    this.#end();
    writeFault(this.#audience, this.#options.runtime);
  }

  /** No provider counted it: ends with a count of our own. Whoever comes meanwhile begins anew. */
  async answerWithCount(
    countTokens: (body: Buffer) => Promise<number>,
    replyTo: (request: RequestFacts, tokens: number) => WholeReply,
  ): Promise<void> {
    this.#isOver = true;
    this.listing.close();
    const tokens = await countTokens(this.#attempts.body?.bytes ?? Buffer.alloc(0));
    this.#end();
    this.#audience.endAll('local', ({ client, facts }) => {
      const { status, headers, body } = replyTo(facts, tokens);
      client.complete(status, headers, body);
    });
  }

  #committed(answer: CommittedAnswer, input: AttemptInput, provider: ProviderSettings): ClientSide {
    const { redactor } = this.#options;
    const isWhole = answer.body !== undefined;
    const { status, headers } = answer;
    const { provider: id, model } = input.candidate;
    this.#committedBy = { status, headers, provider: id, model };
    // The attempts have let it go, so that the room for it need not be there twice.
    if (!isWhole) this.listing.bookBody();
    const headersFor = (seat: Seat): readonly string[] =>
      answerHeaders(answer, { provider: provider.name, attempts: input.number }, seat, redactor);
    const opened = { status, headersFor };
    if (answer.body !== undefined) this.#store('message', answer.body);
    return answer.body === undefined
      ? this.#audience.openStream(opened)
      : this.#audience.deliver(opened, answer.body);
  }

  #storeStream(kept: readonly Buffer[] | undefined): void {
    if (kept !== undefined && endedByItself(kept)) this.#store('stream', Buffer.concat(kept));
  }

  #store(form: Storable['form'], body: Buffer): void {
    const committed = this.#committedBy;
    if (committed !== undefined) this.#options.store?.({ form, body, ...committed });
  }

  /** The last client has left before the end. */
  #emptied(): void {
    if (this.#isOver) return;
    if (this.listing.linger(this.#audience.progress.lastAt)) {
      this.#attempts.resume();
      return;
    }
    this.listing.close();
    this.#options.onAbandoned();
  }

  #end(): void {
    this.#isOver = true;
    this.listing.close();
    this.#attempts.letBodyGo();
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
}
