import { type BufferBudget, createBufferBudget } from '../../src/domain/buffer-budget.ts';
import type { Settings } from '../../src/domain/settings/settings.ts';
import { createApp } from '../../src/http/app.ts';
import type { AppDependencies, ReloadOutcome } from '../../src/http/context.ts';
import type { HttpEvent } from '../../src/http/events.ts';
import { HTTP_LIMITS, type HttpLimits } from '../../src/http/limits.ts';
import { type RunningServer, startServer } from '../../src/http/server.ts';
import { FakeEngine } from './fake-engine.ts';

export const SECRET = 'sk-very-secret';
export const NOW = Date.UTC(2025, 7, 8, 12, 0, 0);

export const SETTINGS: Settings = {
  appName: 'Claude Code Provider Balancer',
  selectionStrategy: 'priority',
  randomTop: 3,
  stickyProviderDurationMs: 300_000,
  resilience: {
    failureCooldownMs: 60_000,
    maxCooldownMs: 1_800_000,
    unhealthyThreshold: 2,
    unhealthyResetOnSuccess: true,
    unhealthyResetTimeoutMs: 300_000,
    holdWhileCoolingMs: 20_000,
    maxAttempts: 3,
    requestBudgetMs: 900_000,
    failoverBelowThreshold: true,
  },
  tokenCounting: { alwaysLocal: false },
  unhealthy: { httpCodes: [], errorTypes: [], exceptionPatterns: [], responseBodyPatterns: [] },
  pingIntervalMs: 15_000,
  maxBodySize: 1_000_000,
  maxBufferedBytes: 4_000_000,
  shutdownTimeoutMs: 30_000,
  logLevel: 'info',
  logColor: true,
  logMaxBytes: 1_000_000,
  logMaxFiles: 5,
  exposeProviderErrors: false,
  deduplication: {
    enabled: true,
    scope: 'session',
    maxTokensCounts: false,
    maxReplayBytes: 8_000_000,
    maxQueueBytes: 8_000_000,
    lingerMs: 0,
    timeoutMs: 180_000,
  },
  cache: { ttlMs: 0, routeTtlMs: new Map(), maxEntries: 1000, maxBytes: 1_000_000 },
  inspector: { enabled: true, maxEvents: 1000, maxRequests: 100, maxBytes: 1_000_000, captureBodies: false },
  host: '127.0.0.1',
  port: 9090,
  auth: { enabled: false, apiKeys: [], exemptPaths: [] },
  allowedHosts: [],
  reload: false,
};

/** What an app needs, with nothing behind it: for what only wants to be served. */
export function plainDependencies(settings: () => Settings = () => SETTINGS): AppDependencies {
  return {
    engine: new FakeEngine(),
    settings,
    reload: async () => ({ kind: 'reloaded' }),
    budget: createBufferBudget(() => 1e9),
    observe: () => {},
    version: '1.2.3',
    now: Date.now,
    newId: () => 'req_x',
    redact: (text) => text,
    phase: () => 'serving',
    limits: HTTP_LIMITS,
  };
}

/** The app before a fake engine, with everything a test may turn. */
export class Fixture {
  readonly engine = new FakeEngine();
  readonly events: HttpEvent[] = [];
  readonly budget: BufferBudget = createBufferBudget(() => this.settings.maxBufferedBytes);
  settings: Settings = SETTINGS;
  reloadOutcome: ReloadOutcome = { kind: 'reloaded' };
  readonly app;
  #ids = 0;
  #servers: RunningServer[] = [];

  constructor(limits: Partial<HttpLimits> = {}) {
    const deps: AppDependencies = {
      engine: this.engine,
      settings: () => this.settings,
      reload: async () => this.reloadOutcome,
      budget: this.budget,
      observe: (event) => this.events.push(event),
      version: '1.2.3',
      now: () => NOW,
      newId: () => {
        this.#ids += 1;
        return `req_${this.#ids}`;
      },
      redact: (text) => text.replaceAll(SECRET, '[redacted]'),
      phase: () => this.engine.current.phase,
      limits: { ...HTTP_LIMITS, ...limits },
    };
    this.app = createApp(deps);
  }

  /** Asks the app without a connection. */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    return this.app.request(path, init, {});
  }

  /** Listens on loopback; `stop` takes it down. */
  async listen(): Promise<RunningServer> {
    const result = await startServer({
      app: this.app,
      host: '127.0.0.1',
      port: 0,
      observe: (event) => this.events.push(event),
    });
    if (result.kind === 'failed') throw new Error(result.message);
    this.#servers.push(result.server);
    return result.server;
  }

  stop(): void {
    for (const server of this.#servers) server.destroy();
  }
}

/** Fails with a name instead of hanging. */
export function within<T>(promise: Promise<T>, what: string, ms = 5_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
