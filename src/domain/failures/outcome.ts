import type { UnknownPart } from '../learning/unknown-part.ts';

/** What an attempt can end as. The rule for each kind is in `failure-table.ts`. */

export const FAILURE_KINDS = [
  'unreachable',
  'offline',
  'pool_full',
  'reset_reused',
  'cut_early',
  'stalled',
  'not_an_answer',
  'server_error',
  'overloaded',
  'burst_limited',
  'rate_limited',
  'quota',
  'credentials',
  'client_credentials',
  'model_missing',
  'endpoint_missing',
  'timeout_like',
  'too_large',
  'refused',
  'foreign_signature',
  'refused_for_sure',
  'cut_late',
  'client_left',
  'out_of_time',
  'balancer_fault',
] as const;

export type FailureKind = (typeof FAILURE_KINDS)[number];
export type OutcomeKind = 'success' | FailureKind;

/** The part of an attempt in which it ended. */
export type Phase = 'pool' | 'connect' | 'headers' | 'first_content' | 'body' | 'streaming';

/** A time that the provider itself named ("come back then"). */
export interface StatedWindow {
  /** Wall clock, ms. As stated, uncapped: it is kept and shown; the cooldown is capped. */
  readonly until: number;
  /** Whom the window speaks about. */
  readonly scope: 'pair' | 'provider';
  /** Where it was read, for the log: `retry-after`, `anthropic-ratelimit-unified-reset`, … */
  readonly source: string;
}

/** Tokens as the provider counted them; absent = not said. */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cacheReadTokens?: number;
  readonly cacheCreationTokens?: number;
}

export interface Success {
  readonly kind: 'success';
}

export interface Failure {
  readonly kind: FailureKind;
  readonly phase: Phase;
  /** One clause for people: "429 rate_limit_error: …", "connection refused". No credential, ≤ 300 characters of provider text. */
  readonly detail: string;
  /** HTTP status of the answer, if one came. */
  readonly status?: number;
  /** `error.type` of the answer, if it named one. */
  readonly errorType?: string;
  /** Error code of the network (`ECONNREFUSED`), if it failed there. */
  readonly code?: string;
  readonly window?: StatedWindow;
  /**
   * `endpoint_missing` only: what the same failure would have been on messages; its row gives the cooldown.
   * Absent where the endpoint itself is not there (404, 405, 501): then the row of `endpoint_missing` holds.
   */
  readonly as?: FailureKind;
  /** The provider said `x-should-retry: false` with a 429 without a window: another round is pointless. */
  readonly noRetry?: true;
  /** A refusal that names parts of the request as unknown, without which it can be repeated at the same provider. */
  readonly unknownParts?: readonly UnknownPart[];
  /** A trial that was cut short by our curiosity's limit: the cooldown is repeated, not grown. */
  readonly cutShort?: boolean;
}

export type Outcome = Success | Failure;

export function isFailure(outcome: Outcome): outcome is Failure {
  return outcome.kind !== 'success';
}

/** Which of a provider's endpoints an attempt used. Failures of the side endpoints never count against messages. */
export type Endpoint = 'messages' | 'count_tokens' | 'models';
