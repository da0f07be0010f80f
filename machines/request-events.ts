import type { Decision, DecisionPolicy } from '../src/domain/decision/decision.ts';
import type { AttemptTrace, DecisionTrace, Repair, RequestTrace } from '../src/domain/decision/trace.ts';
import type { Endpoint, Outcome, Usage } from '../src/domain/failures/outcome.ts';
import type { Full } from '../src/domain/health/availability.ts';
import type { UnknownPart } from '../src/domain/learning/unknown-part.ts';
import type { Candidate } from '../src/domain/routing/candidate.ts';
import type { Random } from '../src/domain/time.ts';
import type { ProviderRef } from './provider.ts';

/** What a request's chart is given: facts and ways to ask, never the bytes. */
export interface RequestInput {
  readonly id: string;
  readonly endpoint: Endpoint;
  /** In order of preference. */
  readonly order: readonly Candidate[];
  /** Why in this order, for the trace: "affinity to this session", "priority". */
  readonly reason: string;
  readonly policy: DecisionPolicy;
  /** Wall clock ms: until then its first content or its final error. */
  readonly deadlineAt: number;
  readonly ports: RequestPorts;
}

/** Time, chance and the providers, from outside. */
export interface RequestPorts {
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly chance: Random;
  /** 1, 2, 3 … over all attempts of the balancer. */
  readonly nextSequence: () => number;
  /** undefined: no longer configured. */
  readonly provider: (id: string) => ProviderRef | undefined;
  /** Host of a provider's address: two names at one host are one way. */
  readonly host: (providerId: string) => string;
  readonly slots: SlotPorts;
}

/** The slots of providers with `max_concurrent`. A request holds one at most: while an attempt of its runs. */
export interface SlotPorts {
  /** undefined: there is room for this request, or no limit. */
  full(providerId: string, requestId: string): Full | undefined;
  take(providerId: string, requestId: string): void;
  free(requestId: string): void;
}

/** What the effect behind a wait is given. */
export interface WatchInput {
  readonly requestId: string;
  /** Providers that are full, a slot of which would end the wait. */
  readonly room: readonly string[];
}

export interface RequestContext extends RequestInput {
  readonly attempts: readonly AttemptTrace[];
  readonly decisions: readonly DecisionTrace[];
  readonly decision: Decision;
  readonly round: number;
  readonly waitedMs: number;
  readonly waitingSince: number;
  readonly current?: RunningAttempt;
  /** Verdicts that wait for the rest of the round: it may be the machine's own network. */
  readonly pending: readonly OpenVerdict[];
  /** Verdicts to be told now. */
  readonly due: readonly OpenVerdict[];
}

export interface RunningAttempt {
  readonly attemptId: string;
  readonly number: number;
  readonly candidate: Candidate;
  readonly sequence: number;
  /** The provider's revision when it began. */
  readonly revision: number;
}

/** An ended attempt whose provider has not been told yet. */
export interface OpenVerdict {
  readonly attempt: RunningAttempt;
  readonly mode: AttemptTrace['mode'];
  readonly outcome: Outcome;
  readonly at: number;
}

export type RequestEvent =
  /** The attempt's first content is on its way to the client. */
  | { readonly type: 'attempt.committed' }
  /** The attempt's end. Before the commit: only a failure. */
  | { readonly type: 'attempt.settled'; readonly outcome: Outcome; readonly usage?: Usage }
  /** The effect behind the attempt failed by a bug of ours: there is no attempt any more. */
  | { readonly type: 'attempt.faulted' }
  /** Some provider's health changed while this request waits. */
  | { readonly type: 'providers.changed' }
  /** A provider that was full has room, and keeps it for this request until it has looked. */
  | { readonly type: 'slot.free' }
  /** `because`: where it is the balancer that leaves. */
  | { readonly type: 'client.left'; readonly because?: string };

export type RequestEmitted = { readonly type: 'attempt.ended'; readonly attempt: AttemptTrace };

/** What the effect behind an attempt is given. */
export interface AttemptInput {
  readonly requestId: string;
  readonly attemptId: string;
  readonly number: number;
  readonly candidate: Candidate;
  readonly repair?: Repair;
  /** What the request goes without: what its provider is known not to know, and what it has just refused. */
  readonly without?: readonly UnknownPart[];
  /** A trial while another candidate is left: the short time to its start. */
  readonly hurried: boolean;
  readonly deadlineAt: number;
}

export type RequestResult = 'served' | 'broken' | 'refused' | 'exhausted' | 'cancelled';

export interface RequestOutput {
  readonly result: RequestResult;
  /** refused: whose answer goes back; served, broken: who served (1, 2, …). */
  readonly attempt?: number;
  readonly reason: string;
  readonly trace: RequestTrace;
}
