import type { FailureKind, OutcomeKind } from '../domain/failures/outcome.ts';
import type { Behaviour } from './behaviour.ts';

/** A named behaviour, and what the balancer must make of it. */
export interface Scenario {
  /** One line for people. */
  readonly about: string;
  readonly behaviour: Behaviour;
  /** The outcome of one attempt: a Messages request with `stream: true`, sent with the provider's own credential. */
  readonly expected: OutcomeKind;
  /** It never ends by itself: only a timer of the balancer, or the client, ends it. */
  readonly endless?: true;
  /** It says the same about a request without `stream`; absent: only a stream can fail in this way. */
  readonly anyForm?: true;
}

/** An address at which no HTTP server answers. */
export interface AddressFault {
  readonly about: string;
  readonly expected: FailureKind;
  readonly endless?: true;
  /** Sets the fault up. */
  open(): Promise<FaultyAddress>;
}

export interface FaultyAddress {
  /** Base URL without trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}
