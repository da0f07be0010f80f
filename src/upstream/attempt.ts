import { classifyTimeout, classifyTransport } from '../domain/failures/classify-transport.ts';
import type { Failure, Outcome, Usage } from '../domain/failures/outcome.ts';
import { readAnswerBy } from './answer.ts';
import type { AnswerReader } from './answer-reader.ts';
import { limitsOf } from './attempt-limits.ts';
import type {
  AttemptControl,
  AttemptListener,
  AttemptParams,
  ClientSide,
  CommittedAnswer,
  RunningAttempt,
  Sending,
  Stage,
  UpstreamAnswer,
} from './attempt-types.ts';
import type { TransportFailure, UpstreamExchange } from './transport.ts';
import { createWatchdog, type Expiry, type Watchdog } from './watchdog.ts';

/** How long an upstream may hold its connection open after its answer is complete, so that it can be used again. */
const LINGER_MS = 1_000;

/**
 * Starts an attempt, one try of one candidate: it sends, reads along, holds until the first content, and ends with
 * exactly one verdict. Listener calls never come before it has returned, except for a transport that fails at once.
 */
export function startAttempt(
  sending: Sending,
  params: AttemptParams,
  listener: AttemptListener,
): RunningAttempt {
  return new Attempt(sending, params, listener);
}

class Attempt implements RunningAttempt, AttemptControl {
  readonly params: AttemptParams;
  readonly watchdog: Watchdog;
  readonly #listener: AttemptListener;
  readonly #startedAt: number;
  readonly #exchange: UpstreamExchange | undefined;
  #reader: AnswerReader | undefined;
  #stage: Stage = 'start';
  #sent = false;
  #committed = false;
  #over = false;
  #held = 0;
  #lingering: unknown;
  /** The exchange has ended by itself. */
  #upstreamOver = false;

  constructor({ transport, request }: Sending, params: AttemptParams, listener: AttemptListener) {
    this.params = params;
    this.#listener = listener;
    this.#startedAt = params.clock.now();
    this.watchdog = createWatchdog(params.clock, params.deadlineAt, (expiry) =>
      this.#guarded(() => this.#expired(expiry)),
    );
    this.expect('start');
    this.#exchange = transport(request, {
      sent: () => this.#wasSent(),
      head: (status, headers) => this.#guarded(() => this.#head(status, headers)),
      chunk: (bytes) => this.#chunk(bytes),
      end: () => this.#guarded(() => this.#end()),
      fail: (failure) => this.#guarded(() => this.#fail(failure)),
      fault: (error) => {
        if (!this.#over) this.#faulted(error);
      },
    });
  }

  resume(): void {
    if (this.#over) return;
    this.watchdog.resume();
    this.#exchange?.resume();
  }

  abort(): void {
    // Whoever gave its verdict has let go already: the connection of a complete answer serves the next request.
    if (this.#over) return;
    this.#finish();
    this.#exchange?.abort();
  }

  expect(stage: Stage): void {
    this.#stage = stage;
    // The time of a non-streaming answer runs from its beginning.
    if (stage === 'message' && !this.params.asksStream) return;
    this.watchdog.expect(limitsOf(stage, this.params, this.#sent));
  }

  commit(answer: CommittedAnswer): ClientSide {
    this.#committed = true;
    this.watchdog.liftDeadline();
    return this.#listener.committed(answer);
  }

  settle(outcome: Outcome, facts: { readonly usage?: Usage; readonly answer?: UpstreamAnswer } = {}): void {
    if (this.#over) return;
    this.#finish();
    this.#letGo(outcome.kind === 'success');
    this.#listener.settled(outcome, facts);
  }

  hold(bytes: number): boolean {
    if (!this.params.buffers.acquire(bytes)) return false;
    this.#held += bytes;
    return true;
  }

  releaseHeld(): void {
    this.params.buffers.release(this.#held);
    this.#held = 0;
  }

  /** The time to the start begins when the request is on its way; waiting and connecting have limits of their own. */
  #wasSent(): void {
    this.#sent = true;
    this.#listener.reached?.('sent');
    if (this.#stage === 'start' && !this.params.hurried && this.params.asksStream) this.expect('start');
  }

  #head(status: number, headers: readonly string[]): void {
    if (this.#over) return;
    this.#listener.reached?.('head');
    this.#reader = readAnswerBy(status, headers, this);
  }

  #chunk(bytes: Buffer): boolean {
    if (this.#over || this.#reader === undefined) return true;
    let ready = true;
    try {
      ready = this.#reader.chunk(bytes);
    } catch (error) {
      this.#faulted(error);
    }
    if (!ready && !this.#over) this.watchdog.pause();
    return ready || this.#over;
  }

  #end(): void {
    this.#upstreamOver = true;
    this.params.clock.clearTimeout(this.#lingering);
    if (!this.#over) this.#reader?.end();
  }

  #fail(failure: TransportFailure): void {
    this.#upstreamOver = true;
    this.params.clock.clearTimeout(this.#lingering);
    if (this.#over) return;
    if (this.#reader === undefined) this.settle(this.#broken(failure, 'before_headers'));
    else this.#reader.fail((progress) => this.#broken(failure, progress));
  }

  #broken(failure: TransportFailure, progress: 'before_headers' | 'after_headers' | 'committed'): Failure {
    const { endpoint, lists, stream } = this.params;
    const phase = progress === 'after_headers' && !stream ? ({ phase: 'body' } as const) : {};
    return classifyTransport(failure, progress, { endpoint, lists, ...phase });
  }

  #expired(expiry: Expiry): void {
    if (this.#over) return;
    const { params } = this;
    const afterMs = params.clock.now() - this.#startedAt;
    if (this.#stage === 'error_body' && this.#reader !== undefined) {
      // It has said that it failed; its words are as complete as they will be.
      this.#reader.end();
      return;
    }
    const phase = this.#phase();
    if (expiry === 'deadline' && afterMs < params.budgetMs / 2) {
      const detail = "the request's time ran out";
      this.settle({ kind: 'out_of_time', phase, detail });
      return;
    }
    const timedOut = classifyTimeout(phase, afterMs, params.endpoint);
    const cutShort = this.#stage === 'start' && params.hurried && expiry === 'total';
    const outcome: Failure = cutShort ? { ...timedOut, cutShort: true } : timedOut;
    // The answer knows whether its stop_reason has come: then it is complete, and only its end is missing.
    if (this.#reader === undefined) this.settle(outcome);
    else this.#reader.fail(() => outcome);
  }

  #phase(): Failure['phase'] {
    if (this.#committed) return 'streaming';
    if (this.#reader === undefined) return 'headers';
    return this.params.stream ? 'first_content' : 'body';
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#faulted(error);
    }
  }

  /** Our own exception must not look like the provider's, nor end in a timer, where it would end the process. */
  #faulted(error: unknown): void {
    this.#finish();
    if (!this.#upstreamOver) this.#exchange?.abort();
    this.#listener.faulted(error);
  }

  #finish(): void {
    this.#over = true;
    this.watchdog.stop();
    this.releaseHeld();
  }

  /** A connection whose answer is complete may end by itself and serve again; any other is closed at once. */
  #letGo(complete: boolean): void {
    const exchange = this.#exchange;
    if (exchange === undefined || this.#upstreamOver) return;
    if (!complete) {
      exchange.abort();
      return;
    }
    exchange.resume();
    this.#lingering = this.params.clock.setTimeout(() => exchange.abort(), LINGER_MS);
  }
}
