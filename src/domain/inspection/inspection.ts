import type { DecisionPolicy } from '../decision/decision.ts';
import type { AttemptMode, AttemptTrace, DecisionTrace } from '../decision/trace.ts';
import type { Usage } from '../failures/outcome.ts';
import type { HealthPolicy } from '../health/health.ts';
import type { Candidate } from '../routing/candidate.ts';

/**
 * What the inspector tells: the forms in which events, requests and traces leave the balancer. The page, the commands and
 * the routes share them. Nothing in them is content of a message, unless `inspector.capture_bodies` is on.
 */

/** One thing that happened. `actor`: `balancer`, `provider:<id>` or `request:<id>`. */
export interface InspectorEvent {
  /** Rises by one with each event of a running balancer. */
  readonly seq: number;
  /** Wall clock, ms. */
  readonly at: number;
  /** `request`: it came, or it has ended, seen from its client; the others are about the statecharts' actors. */
  readonly kind: 'started' | 'transition' | 'stopped' | 'request';
  readonly actor: string;
  /** What moved it, as the chart names it. */
  readonly event?: string;
  /** States, nested ones by dots: `active.attempting`. */
  readonly from?: string;
  readonly to?: string;
  /** Keys of its context that are others now. */
  readonly changed?: readonly string[];
  /** Of a provider: how it stands afterwards. */
  readonly provider?: ProviderMoment;
  /** Of a provider that stays in its state: the upstream model that it is about. */
  readonly model?: string;
  /** Of a request's actor: the attempt that ended by it, or whose answer began. */
  readonly attempt?: AttemptMoment;
  /** Of a request's actor: the attempt that began by it. */
  readonly begun?: AttemptMoment;
  /** The request behind a change of a provider. */
  readonly requestId?: string;
  /** Of a request: as its row in a table. */
  readonly request?: RequestSummary;
}

/** A provider as its chart had it at one moment. */
export interface ProviderMoment {
  readonly id: string;
  readonly state: string;
  readonly failures: number;
  readonly threshold: number;
  /** Wall clock, ms. */
  readonly coolingUntil?: number;
  readonly lastError?: ErrorMoment;
  /** Its models that fail or cool while it does not; absent without any. */
  readonly models?: readonly ModelMoment[];
}

/** One model at one provider. */
export interface ModelMoment {
  readonly model: string;
  readonly failures: number;
  /** Wall clock, ms. */
  readonly coolingUntil?: number;
  readonly lastError?: ErrorMoment;
}

export interface ErrorMoment {
  readonly kind: string;
  readonly detail: string;
  /** Wall clock, ms. */
  readonly at: number;
}

/** An attempt as its request's chart had it at one moment. */
export interface AttemptMoment {
  readonly number: number;
  readonly provider: string;
  readonly model: string;
  readonly mode: AttemptMode;
  /** Absent while it runs. */
  readonly outcome?: string;
  readonly detail?: string;
  readonly status?: number;
  /** From its start to its first content, ms; of one that has ended. */
  readonly firstContentMs?: number;
  readonly usage?: Usage;
}

export const REQUEST_RESULTS = [
  'running',
  'served',
  'broken',
  'refused',
  'exhausted',
  'cancelled',
  'faulted',
  'local',
] as const;

export type RequestResult = (typeof REQUEST_RESULTS)[number];

/** One row of the table of requests. */
export interface RequestSummary {
  readonly id: string;
  /** Rises with each request of a running balancer. */
  readonly number: number;
  readonly endpoint: 'messages' | 'count_tokens';
  readonly model: string;
  readonly stream: boolean;
  readonly session?: string;
  /** Body size, bytes. */
  readonly bytes: number;
  /** Wall clock, ms. */
  readonly receivedAt: number;
  readonly result: RequestResult;
  readonly status: number;
  readonly provider?: string;
  readonly upstreamModel?: string;
  readonly attempts: number;
  /** Providers that were tried, in order. */
  readonly tried: readonly string[];
  readonly joined?: string;
  readonly cached?: true;
  readonly timeToFirstContentMs?: number;
  readonly durationMs?: number;
  readonly usage?: Usage;
  readonly error?: string;
}

/** A header as it may be shown; without a value where it may hold a secret. */
export type ShownHeader = readonly [name: string, value: string | null];

/** What is known of one attempt beside its trace. */
export interface AttemptRecord extends AttemptTrace {
  /** Its connection was there and the request was written to it. Wall clock, ms. */
  readonly sentAt?: number;
  /** Its status line had come. */
  readonly headAt?: number;
  readonly url?: string;
  readonly requestHeaders?: readonly ShownHeader[];
  readonly status?: number;
  readonly responseHeaders?: readonly ShownHeader[];
  /** What the provider said where it failed, at most 16 KB. */
  readonly errorBody?: string;
}

/** The rules that a request was decided by. */
export interface RequestPlanRecord {
  /** Candidates in order of preference. */
  readonly order: readonly Candidate[];
  readonly reason: string;
  readonly policy: DecisionPolicy;
  readonly health: HealthPolicy;
  readonly deadlineAt: number;
  /** Hosts of the candidates' addresses: those that share one share their way. */
  readonly hosts: Readonly<Record<string, string>>;
}

/** Everything that is known of one request. */
export interface RequestDetail {
  readonly summary: RequestSummary;
  readonly headers: readonly ShownHeader[];
  readonly plan?: RequestPlanRecord;
  readonly decisions: readonly DecisionTrace[];
  readonly attempts: readonly AttemptRecord[];
  readonly waitedMs?: number;
  /** Of the feed, what is still kept of it. */
  readonly events: readonly InspectorEvent[];
  /** Only with `inspector.capture_bodies`. */
  readonly body?: string;
  readonly answer?: string;
}

export const TRACE_FORMAT = 'claude-code-balancer/trace';

/** A request to be kept in a file and replayed. */
export interface TraceFile extends RequestDetail {
  readonly format: typeof TRACE_FORMAT;
  readonly formatVersion: 1;
  /** Of the balancer that wrote it. */
  readonly version: string;
}

/** What a minute held. */
export interface MinuteStatistics {
  /** Its beginning, wall clock, ms. */
  readonly at: number;
  readonly served: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Answered without a provider. */
  readonly local: number;
  /** Requests that needed more than one provider. */
  readonly failovers: number;
  /** Time to first content, ms; absent without any. */
  readonly p50?: number;
  readonly p95?: number;
}

/** What is counted of a provider beside its statistics. */
export interface ProviderTotals {
  readonly id: string;
  /** Since when it is in its state, wall clock, ms. */
  readonly since: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheCreationTokens: number;
}

/** What an operator's look at all requests may ask for. */
export interface RequestQuery {
  readonly session?: string;
  readonly provider?: string;
  readonly result?: string;
  readonly model?: string;
  /** Anywhere in id, model, session, providers or error, upper and lower case alike. */
  readonly text?: string;
  /** Only those older than this number: the next page. */
  readonly before?: number;
  readonly limit: number;
}

export interface RequestPage {
  readonly requests: readonly RequestSummary[];
  /** How many fit in all. */
  readonly total: number;
  /** `before` of the next page; absent at the end. */
  readonly next?: number;
}

/** What the inspector's memory tells those who look. */
export interface InspectionView {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The kept events after a number, oldest first. */
  after(seq: number, limit?: number): readonly InspectorEvent[];
  /** How providers stood before the oldest kept event. */
  base(): readonly ProviderMoment[];
  /** Calls after each event; the function it gives ends that. */
  subscribe(listener: () => void): () => void;
  page(query: RequestQuery): RequestPage;
  detail(id: string): RequestDetail | undefined;
  minutes(): readonly MinuteStatistics[];
  totals(): readonly ProviderTotals[];
}

/** Keys of a request's context that change while it runs. */
export const REQUEST_KEYS = [
  'attempts',
  'decisions',
  'decision',
  'round',
  'waitedMs',
  'waitingSince',
  'current',
  'pending',
  'due',
] as const;
