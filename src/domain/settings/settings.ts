import type { CompatSettings } from './compat-settings.ts';

/** The balancer's configuration as the rest of the code sees it: validated, defaulted, times in ms. */

/** How an answer of a provider reaches a client that wants a stream. */
export type StreamingMode = 'auto' | 'direct' | 'background';

export type ProviderType = 'anthropic' | 'openai' | 'zed';

/** How a provider's own credential goes upstream. `missing`: the provider can't be served, `reason` says why. */
export type Credential =
  | { readonly kind: 'api_key'; readonly value: string }
  | { readonly kind: 'auth_token'; readonly value: string }
  | { readonly kind: 'passthrough' }
  | { readonly kind: 'oauth' }
  | { readonly kind: 'missing'; readonly reason: string };

/** Limits of one kind of request (streaming or not). All in ms. */
export interface PhaseTimeouts {
  readonly connectMs: number;
  /** Streaming: the longest gap between two bytes. Non-streaming: until the whole answer is there. */
  readonly readMs: number;
  /** How long a request may wait for a free connection where `max_connections` is set. */
  readonly poolMs: number;
  /** Streaming only: until `message_start`. */
  readonly firstContentMs: number;
}

export interface Timeouts {
  readonly streaming: PhaseTimeouts;
  readonly nonStreaming: PhaseTimeouts;
  /** How long a provider may take to count tokens, from the first step to the whole answer. */
  readonly countMs: number;
}

export interface ProviderSettings {
  /** Unique: `name`, or `name#email` where an account is named. */
  readonly id: string;
  readonly name: string;
  readonly type: ProviderType;
  /** Without trailing slash; a path prefix is kept, and for type `openai` a query. */
  readonly baseUrl: string;
  readonly credential: Credential;
  readonly accountEmail?: string;
  readonly enabled: boolean;
  /** Why no request can go to it, whatever its health, as a clause for people; absent if requests can. */
  readonly unservable?: string;
  /** http, https or socks5 proxy. May hold a password: never shown. */
  readonly proxy?: string;
  /** ≥ 1, for weighted_round_robin. */
  readonly weight: number;
  /** Client model name → upstream model name, exact. */
  readonly modelMappings: Readonly<Record<string, string>>;
  /** Client model names this provider serves; empty = all. */
  readonly availableModels: readonly string[];
  /** Headers set on every upstream request (lower-case names). */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeouts: Timeouts;
  readonly maxConnections?: number;
  /** Messages at one time; over it the provider is passed over. Undefined: no limit. */
  readonly maxConcurrent?: number;
  /** Requests without streaming go to it as streams, and come back as one message. */
  readonly mustStream: boolean;
  /** `auto`: late commit. `direct`: forwarded at once. `background`: the whole answer is collected first. */
  readonly streamingMode: StreamingMode;
  /** PEM file of additional certificate authorities. */
  readonly caFile?: string;
  /** Type `openai`: what it takes, where it differs from what its host is known for. */
  readonly compat?: CompatSettings;
}

/** One provider of a route. `model: 'passthrough'` keeps the client's. */
export interface RouteTarget {
  /** A provider's id (or its name). */
  readonly provider: string;
  readonly model: string;
  /** Ascending; ties in file order. */
  readonly priority: number;
  readonly enabled: boolean;
}

export interface Route {
  /** Exact model name, or a pattern with `*`. */
  readonly pattern: string;
  readonly targets: readonly RouteTarget[];
}

export type SelectionStrategy = 'priority' | 'round_robin' | 'weighted_round_robin' | 'random';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Rules of health and of the request's own patience. All times in ms. */
export interface ResilienceSettings {
  readonly failureCooldownMs: number;
  readonly maxCooldownMs: number;
  readonly unhealthyThreshold: number;
  readonly unhealthyResetOnSuccess: boolean;
  /** 0: a quiet time never clears the count. */
  readonly unhealthyResetTimeoutMs: number;
  readonly holdWhileCoolingMs: number;
  /** Attempts after the first round, all later rounds together. */
  readonly maxAttempts: number;
  /** Bound of a streaming request until its first content or final error. */
  readonly requestBudgetMs: number;
  readonly failoverBelowThreshold: boolean;
}

/** The users' own lists; they only add to the failure table (`reference/failures.md`). */
export interface UnhealthyLists {
  readonly httpCodes: readonly number[];
  readonly errorTypes: readonly string[];
  readonly exceptionPatterns: readonly string[];
  /** Compiled; one that matches the bare error envelope was left out by the loader with a warning. */
  readonly responseBodyPatterns: readonly RegExp[];
}

export interface AuthSettings {
  readonly enabled: boolean;
  readonly apiKeys: readonly string[];
  readonly exemptPaths: readonly string[];
}

/** A delay before each attempt, for trying out how clients bear it. */
export interface TestingSettings {
  readonly delayMs: number;
  /** Only requests whose messages hold one of them, upper and lower case alike; empty: all. */
  readonly triggerKeywords: readonly string[];
}

/** Who counts tokens, and what follows where a provider fails to. What is absent is as for messages. */
export interface TokenCountingSettings {
  /** No provider is ever asked to count. */
  readonly alwaysLocal: boolean;
  /** How many counted failures make a provider be passed over. */
  readonly failureThreshold?: number;
  /** For how long, ms. Does not grow. */
  readonly failureCooldownMs?: number;
}

/** How equal requests share one answer. */
export interface DeduplicationSettings {
  readonly enabled: boolean;
  /** `session`: only requests that name their session. */
  readonly scope: 'session' | 'all';
  /** Requests that differ in `max_tokens` are not equal. */
  readonly maxTokensCounts: boolean;
  /** So much of an answer is kept for those that come later, bytes. */
  readonly maxReplayBytes: number;
  /** How far a client may be behind the fastest, bytes. */
  readonly maxQueueBytes: number;
  /** An answer is read on for so long after its last client left, ms. */
  readonly lingerMs: number;
  /** A request waits so long for the first content of an equal one, ms. */
  readonly timeoutMs: number;
}

/** Answers kept for the next equal request. */
export interface CacheSettings {
  /** 0: none are kept. ms */
  readonly ttlMs: number;
  /** By pattern of a route. ms */
  readonly routeTtlMs: ReadonlyMap<string, number>;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** What is kept for the inspector. All but `captureBodies` holds from the start to the end. */
export interface InspectorSettings {
  readonly enabled: boolean;
  readonly maxEvents: number;
  readonly maxRequests: number;
  /** Of events, and of requests, each, bytes. */
  readonly maxBytes: number;
  /** Content of messages is kept. */
  readonly captureBodies: boolean;
}

export interface Settings {
  readonly appName: string;
  readonly selectionStrategy: SelectionStrategy;
  readonly randomTop: number;
  /** How long affinity lasts after a session's last request, ms. */
  readonly stickyProviderDurationMs: number;
  readonly resilience: ResilienceSettings;
  readonly tokenCounting: TokenCountingSettings;
  readonly unhealthy: UnhealthyLists;
  readonly pingIntervalMs: number;
  /** Largest request body accepted, bytes. */
  readonly maxBodySize: number;
  /** All bodies and held answers together, bytes. */
  readonly maxBufferedBytes: number;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: LogLevel;
  readonly logColor: boolean;
  readonly logFilePath?: string;
  /** The log file is put aside when it is larger, bytes. */
  readonly logMaxBytes: number;
  /** How many log files that were put aside are kept. */
  readonly logMaxFiles: number;
  /** Error answers name the provider and quote its words. */
  readonly exposeProviderErrors: boolean;
  /** Undefined: nothing is delayed. */
  readonly testing?: TestingSettings;
  readonly deduplication: DeduplicationSettings;
  readonly cache: CacheSettings;
  readonly inspector: InspectorSettings;
  readonly host: string;
  readonly port: number;
  readonly auth: AuthSettings;
  readonly allowedHosts: readonly string[];
  /** Watch the file and reload on change. */
  readonly reload: boolean;
  /** Where health is kept over a restart; undefined: nowhere. */
  readonly stateFile?: string;
}

export interface Configuration {
  /** Where it was read; undefined for the built-in default. */
  readonly file?: string;
  readonly providers: readonly ProviderSettings[];
  /** Empty: every enabled provider in file order serves every model. */
  readonly routes: readonly Route[];
  readonly settings: Settings;
}
