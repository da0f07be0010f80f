import type { BufferBudget } from '../domain/buffer-budget.ts';
import type { Endpoint, Outcome, Usage } from '../domain/failures/outcome.ts';
import type { StreamingMode, Timeouts, UnhealthyLists } from '../domain/settings/settings.ts';
import type { Clock } from '../domain/time.ts';
import type { Transport, UpstreamRequest } from './transport.ts';

/** What an attempt sends. Nothing that lives as long as the answer may keep it: it holds the request's body. */
export interface Sending {
  readonly transport: Transport;
  readonly request: UpstreamRequest;
}

/** What one attempt is given beside. */
export interface AttemptParams {
  readonly endpoint: Endpoint;
  /** Whether the client asked for a stream. */
  readonly stream: boolean;
  /** Whether the provider is asked for one: also where it must stream and its answer becomes one message. */
  readonly asksStream: boolean;
  /** When a stream goes out to its client: at its first content, at its first event, or once it is whole. */
  readonly streamingMode: StreamingMode;
  readonly credential: 'own' | 'passthrough';
  readonly timeouts: Timeouts;
  /** A trial while another candidate is left: the short time to its start. */
  readonly hurried: boolean;
  /** Wall clock ms: until then the request has its first content or its final error. */
  readonly deadlineAt: number;
  /** The whole time that the request had from its beginning, ms. */
  readonly budgetMs: number;
  readonly clock: Clock;
  readonly lists: UnhealthyLists;
  readonly buffers: BufferBudget;
  /** Strikes our secrets out of what a provider says of a failure. */
  readonly redact: (bytes: Buffer) => Buffer;
}

/** A complete answer of a provider, kept for the case that it goes back to the client as it is. */
export interface UpstreamAnswer {
  readonly status: number;
  /** Flat list, as received. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** The answer whose first content has come. */
export interface CommittedAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  /** Its bytes are not those that the headers speak of: converted, or reframed. */
  readonly rewritten: boolean;
  /** The whole message, for a client that asked for no stream. */
  readonly body?: Buffer;
}

/** Where a committed stream goes. */
export interface ClientSide {
  /** `false`: pause until `resume()` of the running attempt. */
  chunk(bytes: Buffer, atBoundary: boolean): boolean;
  /** `isBroken`: what the provider said last was an error. */
  end(isBroken?: boolean): void;
}

export interface AttemptListener {
  /** The commit. What was held follows through the client side at once. */
  committed(answer: CommittedAnswer): ClientSide;
  /** The one verdict. `answer`: what the provider said, where it failed with words. */
  settled(outcome: Outcome, facts: { readonly usage?: Usage; readonly answer?: UpstreamAnswer }): void;
  /** The request has been written to its connection; its status line has come. For whoever looks on. */
  readonly reached: ((milestone: 'sent' | 'head') => void) | undefined;
  /** An exception of ours while the answer was read: the upstream is aborted, no verdict follows. */
  faulted(error: unknown): void;
}

export interface RunningAttempt {
  /** The client has drained. */
  resume(): void;
  /** Aborts the upstream, no verdict follows; after the verdict it does nothing. */
  abort(): void;
}

/** The parts of an attempt that the readers of answers work with. */
export interface AttemptControl {
  readonly params: AttemptParams;
  readonly watchdog: { touch(): void };
  /** What is waited for next. */
  expect(stage: Stage): void;
  /** Opens the client's side. */
  commit(answer: CommittedAnswer): ClientSide;
  settle(outcome: Outcome, facts?: { readonly usage?: Usage; readonly answer?: UpstreamAnswer }): void;
  /** Books held bytes; `false`: the balancer's buffers are full. */
  hold(bytes: number): boolean;
  releaseHeld(): void;
}

/** What an attempt waits for. */
export type Stage = 'start' | 'content' | 'gap' | 'message' | 'error_body';
