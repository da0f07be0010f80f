import type { Failure } from '../domain/failures/outcome.ts';
import type { LearnedPart } from '../domain/learning/learned-parts.ts';
import type { ProviderType, SelectionStrategy } from '../domain/settings/settings.ts';

/** One client request, as HTTP hands it over. Bytes are never parsed before the engine walks them. */
export interface ClientRequest {
  /** Ours, unique: in logs, in `x-balancer-request-id`, in final errors. */
  readonly id: string;
  readonly endpoint: 'messages' | 'count_tokens';
  /** Path and query as they go upstream: `/v1/messages?beta=true`. */
  readonly path: string;
  /** Flat list as received: name, value, name, value, … */
  readonly headers: readonly string[];
  /** Whatever the caller showed of itself, the balancer's own key included: who differs in it shares nothing. Never shown. */
  readonly caller: string;
  readonly body: Buffer;
  /** The engine has no more use for the body (the commit, the end): its bytes leave the budget. At most once. */
  readonly releaseBody: () => void;
  /** Wall clock ms at which it arrived. */
  readonly receivedAt: number;
}

/** What goes back: a provider's answer, or our own word that there is none. */
export interface Reply {
  readonly status: number;
  /** Flat list: name, value, … Content-length is set where the body is known. */
  readonly headers: readonly string[];
  readonly body: Buffer | ReplyStream;
}

/** A reply whose bytes are still coming. `pipe` is called exactly once; what was held is written first. */
export interface ReplyStream {
  pipe(sink: ReplySink): ReplyFlow;
}

/** The client's end. */
export interface ReplySink {
  /** Writes at once; `false` asks for a pause until `resume()`. */
  chunk(bytes: Buffer): boolean;
  /** The proper end. */
  end(): void;
  /** The end that looks like one: the connection is torn down without the closing chunk. */
  cut(): void;
}

export interface ReplyFlow {
  /** The client has drained. */
  resume(): void;
}

/**
 * Tells that the client is gone. An `AbortSignal` is one; requests bring a plain one of their own, as making an
 * `AbortController` costs more than all else that a request is watched by (docs/performance.md).
 */
export interface Departure {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options: { readonly once: true }): void;
  /** A request that shared an answer and goes its own way leaves the shared one's. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

export type OperatorAction = 'cool' | 'reset' | 'forget' | 'disable' | 'enable';

/**
 * Takes a request's reply once its head is known, in the midst of whatever made it known: no turn of the event loop lies
 * between a provider's first bytes and the client's. Must not throw.
 */
export type Answer = (reply: Reply) => void;

export interface Engine {
  /**
   * Calls `answer` once, perhaps before it returns, or never: when the client has gone, the upstream is closed at once.
   * Throws for a bug of ours only; a request's and a provider's faults are replies.
   */
  submit(request: ClientRequest, departure: Departure, answer: Answer): void;
  status(): EngineStatus;
  /** Models for `GET /v1/models`; never waits for a provider. */
  models(clientHeaders: readonly string[]): readonly ModelInfo[];
  /** Acts on all accounts of a name, or on the one provider of an id that is nobody's name. Empty: no such provider. */
  operate(provider: string, action: OperatorAction): readonly ProviderStatus[];
  /** Forgets what is kept between requests and no longer of use; with `force`, what is of use too. Never health. */
  cleanup(force: boolean): Cleared;
  /** Kept answers and exchanges in flight that can be shared. */
  cache(): CacheStatus;
  /** Forgets all kept answers; gives how many. */
  clearCache(): number;
}

/** What is kept and what is shared at this moment. */
export interface CacheStatus {
  readonly entries: number;
  /** Bytes of kept answers. */
  readonly bytes: number;
  /** Since the start. */
  readonly hits: number;
  readonly misses: number;
  readonly broadcasts: readonly BroadcastStatus[];
}

/** One exchange in flight that others can join. */
export interface BroadcastStatus {
  /** Id of the request it began for. */
  readonly requestId: string;
  readonly endpoint: ClientRequest['endpoint'];
  readonly model: string;
  /** Who is asked, or answers; absent before the first attempt. */
  readonly provider?: string;
  /** Clients that wait for it or get it. */
  readonly subscribers: number;
  /** Its answer has begun. */
  readonly committed: boolean;
  /** Bytes of its stream so far. */
  readonly bytes: number;
  /** Since its first request came, ms. */
  readonly ageMs: number;
}

/** How much a cleanup forgot. */
export interface Cleared {
  /** Sessions and routes whose provider is forgotten. */
  readonly sessions: number;
  /** Providers whose list of models is forgotten. */
  readonly modelLists: number;
  /** Kept answers. */
  readonly answers: number;
}

export interface ModelInfo {
  readonly id: string;
  readonly displayName: string;
  /** RFC 3339. */
  readonly createdAt: string;
}

export interface EngineStatus {
  readonly phase: 'starting' | 'serving' | 'draining' | 'stopped';
  readonly strategy: SelectionStrategy;
  readonly routes: readonly { pattern: string; targets: number }[];
  readonly inFlight: number;
  /** Bytes of bodies and held answers at this moment. */
  readonly bufferedBytes: number;
  readonly providers: readonly ProviderStatus[];
  /** Id of the provider that last served a request. */
  readonly lastProvider?: string;
}

export type ProviderState = 'healthy' | 'degraded' | 'cooling' | 'trial' | 'disabled';

export interface ProviderStatus {
  readonly id: string;
  readonly name: string;
  readonly type: ProviderType;
  /** Without user part. */
  readonly baseUrl: string;
  /** Without password. */
  readonly proxy?: string;
  readonly accountEmail?: string;
  readonly weight: number;
  /** Why it can't be served at all (no credential, type not served yet); else absent. */
  readonly unservable?: string;
  readonly enabled: boolean;
  /** Switched off by hand, not by the file. */
  readonly disabledByHand: boolean;
  readonly state: ProviderState;
  readonly health: HealthStatus;
  /** Pairs (provider, upstream model) and side endpoints with something to tell. */
  readonly pairs: readonly (HealthStatus & { readonly model: string })[];
  readonly endpoints: readonly (HealthStatus & { readonly endpoint: string })[];
  /** What requests to it go without since it refused that as unknown. */
  readonly learned: readonly (LearnedPart & { readonly model: string })[];
  readonly models: readonly { pattern: string; model: string; priority: number }[];
  /** Messages in flight there, `max_concurrent` (absent: no limit), and how many requests stand in line for a slot. */
  readonly slots: { readonly inFlight: number; readonly limit?: number; readonly waiting: number };
  readonly requests: RequestCounts;
  /** Time to first content of the last (at most 256) successes, ms; absent without any. */
  readonly timeToFirstContentMs?: { readonly p50: number; readonly p95: number };
}

export interface RequestCounts {
  readonly inFlight: number;
  readonly attempts: number;
  readonly successes: number;
  readonly failures: number;
}

export interface HealthStatus {
  readonly failures: number;
  readonly threshold: number;
  /** Wall clock ms; absent unless cooling. */
  readonly coolingUntil?: number;
  /** Cooldown over, waiting for or running a trial. */
  readonly trial?: 'due' | 'running';
  /** The provider's own stated time, uncapped, wall clock ms. */
  readonly statedUntil?: number;
  readonly lastError?: {
    /** Wall clock ms. */
    readonly at: number;
    readonly kind: Failure['kind'];
    readonly detail: string;
    readonly requestId: string;
  };
}
