import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { changedSettings } from '../config/changed-settings.ts';
import { diffConfigurations } from '../config/diff.ts';
import { createBufferBudget } from '../domain/buffer-budget.ts';
import type { Configuration, Settings, TestingSettings } from '../domain/settings/settings.ts';
import type { Clock, Random } from '../domain/time.ts';
import { createEngine, type RunningEngine } from '../engine/engine.ts';
import { createApp } from '../http/app.ts';
import type { AppDependencies, ReloadOutcome } from '../http/context.ts';
import { inspectorSocket } from '../http/inspector/socket.ts';
import { HTTP_LIMITS } from '../http/limits.ts';
import { type RunningServer, startServer } from '../http/server.ts';
import type { BalancerEvent } from '../telemetry/events.ts';
import { observeAll } from '../telemetry/observe.ts';
import type { XStateEvent } from '../telemetry/stately.ts';
import { createTokenCounter, type TokenCounter } from '../tokens/token-counter.ts';
import { delaying } from '../upstream/delay.ts';
import { createUndiciTransport } from '../upstream/undici-transport.ts';
import { type InspectorOptions, openInspector } from './inspector.ts';
import { packageVersion } from './version.ts';

/** What a running balancer is made of; `start`, `demo` and tests build it here and nowhere else. */
export interface ServeOptions {
  readonly configuration: Configuration;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Default: the machine's own chance. */
  readonly random?: Random;
  readonly observe: (event: BalancerEvent) => void;
  /** Reads the configuration anew; undefined after a failure that `errors` tells. */
  readonly load: () => Promise<Loaded>;
  /** Counts tokens where no provider does. Default: one with a thread of its own. */
  readonly tokens?: TokenCounter;
  /** It lives as long as a program does (`run`), and says so in its version. */
  readonly temporary?: boolean;
}

export type Loaded =
  | {
      readonly kind: 'loaded';
      readonly configuration: Configuration;
      /** For the log: what was passed over or mended. */
      readonly warnings?: readonly string[];
    }
  | { readonly kind: 'rejected'; readonly errors: readonly string[] };

export interface Balancer {
  readonly engine: RunningEngine;
  readonly server: RunningServer;
  readonly settings: () => Settings;
  reload(): Promise<ReloadOutcome>;
  /** Finishes what runs, then closes. */
  drain(): Promise<void>;
  /** Ends everything at once. */
  stop(): Promise<void>;
}

export type ServeResult =
  | { readonly kind: 'serving'; readonly balancer: Balancer }
  /** `code`: Node's, as `EADDRINUSE`. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** Follows the version of a balancer that will be gone when its program is: nobody else should rely on it. */
export const TEMPORARY = '+run';

/** How long answers that have ended may take to reach their clients, ms. */
const FLUSH_MS = 2_000;

/** Assembles engine, HTTP and transport, and listens. */
export async function serve(options: ServeOptions): Promise<ServeResult> {
  const { env, clock, load } = options;
  let { configuration } = options;
  const settings = (): Settings => configuration.settings;
  const budget = createBufferBudget(() => settings().maxBufferedBytes);
  let redact = (text: string): string => text;
  let follow: InspectorOptions['follow'] = () => () => {};
  const inspector = openInspector({
    settings,
    now: clock.now,
    redact: (text) => redact(text),
    follow: (follower) => follow(follower),
  });
  const observe =
    inspector === undefined ? options.observe : observeAll([inspector.observe, options.observe], ignore);
  const warn = (message: string): void => observe({ type: 'tokens.warning', message });
  const tokens = options.tokens ?? createTokenCounter({ clock, warn });
  const engine = await createEngine({
    configuration,
    inspection: inspector?.sink,
    openTransport: (provider) => {
      const opened = createUndiciTransport({ settings: provider, env, clock });
      const testing = () => settings().testing;
      return { ...opened, transport: delaying(opened.transport, { testing, clock }) };
    },
    clock,
    random: options.random ?? Math.random,
    observe,
    buffers: budget,
    isUtf8,
    countTokens: (body) => tokens.countTokens(body),
  });
  const stopAll = async (): Promise<void> => {
    await Promise.all([engine.stop(), tokens.close()]);
  };
  redact = engine.redact;
  follow = (follower) => engine.follow((event) => follower(event as XStateEvent));

  const takeIn = async (): Promise<ReloadOutcome> => {
    const loaded = await load();
    if (loaded.kind === 'rejected') {
      observe({ type: 'config.rejected', message: loaded.errors.join('\n') });
      return loaded;
    }
    const before = configuration;
    configuration = loaded.configuration;
    engine.reload(configuration);
    for (const message of loaded.warnings ?? []) observe({ type: 'config.warning', message });
    const diff = diffConfigurations(before, configuration);
    const { added, removed, routesChanged, orderChanged, restart } = diff;
    observe({
      type: 'config.reloaded',
      added,
      removed,
      changed: diff.changed.map(({ id }) => id),
      settings: changedSettings(before.settings, configuration.settings),
      routesChanged,
      orderChanged,
    });
    if (restart.length > 0) {
      const message = `${restart.join(' and ')} changed: that takes a restart; until then it stays as it was.`;
      observe({ type: 'config.warning', message });
    }
    return { kind: 'reloaded' };
  };
  // One after the other: a file that changes while it is read is read again, and the last one wins.
  let reloading: Promise<unknown> = Promise.resolve();
  const reload = (): Promise<ReloadOutcome> => {
    const next = reloading.then(takeIn, takeIn);
    reloading = next;
    return next;
  };

  const dependencies: AppDependencies = {
    engine,
    settings,
    reload,
    budget,
    observe,
    version: options.temporary === true ? packageVersion() + TEMPORARY : packageVersion(),
    now: clock.now,
    newId: () => `req_${randomUUID().replaceAll('-', '').slice(0, 20)}`,
    redact: engine.redact,
    phase: engine.phase,
    limits: HTTP_LIMITS,
    inspector,
  };
  const app = createApp(dependencies);
  const { host, port } = settings();
  const started = await startServer({ app, host, port, observe, upgrade: inspectorSocket(dependencies) });
  if (started.kind === 'failed') {
    await stopAll();
    return { kind: 'failed', code: started.code, message: started.message };
  }
  const { server } = started;
  engine.opened();
  observe({ type: 'config.loaded', file: configuration.file, providers: configuration.providers.length });
  observe({ type: 'server.listening', url: server.url });
  const { testing } = settings();
  if (testing !== undefined) observe({ type: 'config.warning', message: delayWarning(testing) });
  return {
    kind: 'serving',
    balancer: {
      engine,
      server,
      settings,
      reload,
      async drain() {
        // Newcomers are still let in: a 503 tells them when to come back, a refused connection tells them nothing.
        await engine.drain();
        inspector?.close();
        const closed = server.close();
        // The last bytes of what has ended are still on their way to the clients.
        if (engine.status().inFlight === 0) await Promise.race([closed, pause(FLUSH_MS)]);
        server.destroy();
        await stopAll();
        observe({ type: 'server.stopped' });
      },
      async stop() {
        inspector?.close();
        server.destroy();
        await stopAll();
        observe({ type: 'server.stopped' });
      },
    },
  };
}

/** Nobody should leave this switched on without knowing. */
function delayWarning({ delayMs, triggerKeywords }: TestingSettings): string {
  const which = triggerKeywords.length === 0 ? 'EVERY MESSAGE' : 'EVERY MESSAGE THAT HOLDS A KEYWORD';
  return `TEST: ${which} WAITS ${delayMs / 1000} s before it goes to a provider (settings.testing.simulate_delay).`;
}

function ignore(): void {}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
