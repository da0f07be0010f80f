import type { Actor } from 'xstate';
import { balancerMachine, type ProviderPlan, providerSystemId } from '../../machines/balancer.ts';
import { type ProviderRef, providerMachine } from '../../machines/provider.ts';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import { healthPolicy } from '../domain/failures/counting-policy.ts';
import { HEALTHY_PROVIDER } from '../domain/health/provider-health.ts';
import { NOTHING_LEARNED } from '../domain/learning/learned-parts.ts';
import { createRedactor, type Redactor } from '../domain/secrets/secrets.ts';
import type { Configuration, ProviderSettings } from '../domain/settings/settings.ts';
import type { Clock, Random } from '../domain/time.ts';
import type { BalancerEvent } from '../telemetry/events.ts';
import type { InspectionSink } from '../telemetry/inspection-sink.ts';
import { AnthropicAdapter } from './anthropic-adapter.ts';
import { ChatAdapter } from './chat-adapter.ts';
import { sameIdentity, secretsOf } from './configuration-facts.ts';
import { healthEvent } from './health-event.ts';
import { inspectedBalancer } from './inspected-balancer.ts';
import { inspectedProvider } from './inspected-provider.ts';
import type { Engine, EngineStatus, ProviderStatus } from './interface.ts';
import { createModelCatalogue } from './models.ts';
import type { ProviderAdapters } from './provider-adapter.ts';
import { ReasoningMemory } from './reasoning-memory.ts';
import { createRequestRunner } from './request-runner.ts';
import { createRuntimeSource, type OpenTransport } from './runtime.ts';
import { createSlots } from './slots.ts';
import { type Follower, guardedFollower, startRoot } from './start-root.ts';
import { openStateStore } from './state-file.ts';
import { providerStatus } from './status.ts';
import { swift } from './swift-chart.ts';

/** What the engine is built from: everything that touches the world comes in here. */
export interface EngineOptions {
  readonly configuration: Configuration;
  readonly openTransport: OpenTransport;
  readonly clock: Clock;
  readonly random: Random;
  /** Must not throw. */
  readonly observe: (event: BalancerEvent) => void;
  readonly buffers: BufferBudget;
  readonly isUtf8: (bytes: Uint8Array) => boolean;
  /** The input tokens of a request body, where no provider counts them. Never rejects. */
  readonly countTokens: (body: Buffer) => Promise<number>;
  /** Told what the charts do; undefined: the inspector is off. */
  readonly inspection?: InspectionSink | undefined;
}

/** The engine with what the composition root drives it by. */
export interface RunningEngine extends Engine {
  /** The server listens: requests may come. */
  opened(): void;
  /** Takes a valid configuration. Running requests end on the one they began with. */
  reload(configuration: Configuration): void;
  /** Turns new requests away and resolves when the running ones have ended; `shutdown_timeout` ends those that are left. */
  drain(): Promise<void>;
  /** Ends everything at once and writes what is to be kept. */
  stop(): Promise<void>;
  /** Without building the whole status. */
  phase(): EngineStatus['phase'];
  /** Tells everything that actors do from now on, as XState tells it; the function it gives ends that. */
  follow(follower: Follower): () => void;
  /** Strikes configured secrets out of a text. */
  redact(text: string): string;
}

export async function createEngine(options: EngineOptions): Promise<RunningEngine> {
  const { clock, random, observe, buffers, isUtf8, countTokens, inspection } = options;
  const runtimes = createRuntimeSource(options.configuration, options.openTransport);
  /** The newest actor of each provider; its last snapshot outlives it, for the state file. */
  const refs = new Map<string, ProviderRef>();
  let redactor: Redactor = createRedactor(secretsOf(options.configuration));
  let ownKeys = new Set(options.configuration.settings.auth.apiKeys);

  const store = await openStateStore({
    file: options.configuration.settings.stateFile,
    clock,
    collect: () =>
      runtimes.current.configuration.providers.map((provider) => {
        const context = refs.get(provider.id)?.getSnapshot().context;
        const health = context?.health ?? HEALTHY_PROVIDER;
        const learned = context?.learned ?? NOTHING_LEARNED;
        return { provider, health, learned, disabledByHand: context?.disabledByHand ?? false };
      }),
    warn: (message) => observe({ type: 'state.warning', message }),
  });

  const onFault = (error: unknown): void =>
    observe({ type: 'fault', message: 'An actor of the provider system failed.', error });

  const followers = new Set<Follower>();
  const isFollowed = (): boolean => followers.size > 0;
  const provider = swift(providerMachine, isFollowed);
  const balancer: Actor<typeof balancerMachine> = startRoot(
    inspection === undefined
      ? balancerMachine.provide({ actors: { provider } })
      : inspectedBalancer(
          balancerMachine.provide({
            actors: { provider: inspectedProvider(provider, inspection, clock.now) },
          }),
          inspection,
          clock.now,
        ),
    { input: balancerInput(options.configuration), clock, onFault },
    (actor) => {
      actor.on('provider.spawned', ({ id }) => queueMicrotask(() => watchHealth(id)));
      actor.on('provider.restarted', ({ id, error }) => {
        observe({ type: 'fault', message: `The actor of provider ${id} failed and was restarted.`, error });
        queueMicrotask(() => watchHealth(id));
      });
    },
  );

  function providerRef(id: string): ProviderRef | undefined {
    // Every request asks for every provider: one that is watched and lives is not looked up again.
    const known = refs.get(id);
    if (known?.getSnapshot().status === 'active') return known;
    return balancer.system.get(providerSystemId(id)) as ProviderRef | undefined;
  }

  function plansOf(configuration: Configuration, before?: Configuration): ProviderPlan[] {
    const known = new Map(before?.providers.map((provider) => [provider.id, provider]));
    return configuration.providers.map((provider) => {
      const plan = { id: provider.id, enabled: provider.enabled };
      const old = known.get(provider.id);
      if (old !== undefined) return { ...plan, identityChanged: !sameIdentity(old, provider) };
      // Only at the start: what is added later has no past here.
      const kept = before === undefined ? store.restore(provider, clock.now()) : undefined;
      return kept === undefined ? plan : { ...plan, ...kept };
    });
  }

  function balancerInput(configuration: Configuration, before?: Configuration) {
    const { settings } = configuration;
    return {
      providers: plansOf(configuration, before),
      policy: healthPolicy(settings),
      shutdownTimeoutMs: settings.shutdownTimeoutMs,
      at: clock.now(),
    };
  }

  function watchHealth(id: string): void {
    const ref = providerRef(id);
    if (ref === undefined || refs.get(id) === ref) return;
    refs.set(id, ref);
    ref.on('health.changed', (change) => {
      observe(healthEvent(change));
      store.changed();
      runner.wake();
    });
    ref.on('provider.learned', (learned) => {
      observe(learned);
      store.changed();
    });
  }

  const slots = createSlots();
  slots.configure(options.configuration.providers);

  const isOwnKey = (value: string): boolean => ownKeys.has(value);
  const memory = new ReasoningMemory();
  memory.configure(options.configuration);
  const adapters: ProviderAdapters = {
    anthropic: new AnthropicAdapter(isOwnKey, memory),
    openai: new ChatAdapter({ clock, isOwnKey, memory, observe }),
  };

  const runner = createRequestRunner({
    clock,
    random,
    observe,
    buffers,
    isUtf8,
    countTokens,
    providerRef,
    slots,
    inspection,
    follower: () => (isFollowed() ? tellFollowers : undefined),
    runtime: () => runtimes.current,
    redactor: () => redactor,
    adapters,
    idle: () => {
      if (phaseOf(balancer) !== 'stopped') balancer.send({ type: 'requests.ended' });
    },
  });

  const tellFollowers: Follower = (event) => {
    for (const follower of followers) follower(event);
  };
  const catalogue = createModelCatalogue({ clock, adapters });

  function statusOf(provider: ProviderSettings): ProviderStatus {
    const { current } = runtimes;
    return providerStatus(
      provider,
      providerRef(provider.id),
      runner.statistics(provider.id),
      slots.counts(provider.id),
      current,
      clock.now(),
    );
  }

  return {
    submit: (request, departure, answer) => runner.submit(request, departure, answer),
    status() {
      const { configuration } = runtimes.current;
      const lastProvider = runner.lastProvider();
      return {
        phase: phaseOf(balancer),
        strategy: configuration.settings.selectionStrategy,
        routes: configuration.routes.map(({ pattern, targets }) => ({ pattern, targets: targets.length })),
        inFlight: runner.inFlight(),
        bufferedBytes: buffers.used(),
        providers: configuration.providers.map(statusOf),
        ...(lastProvider === undefined ? {} : { lastProvider }),
      };
    },
    models: (clientHeaders) => catalogue.list(runtimes.current, clientHeaders),
    operate(name, action) {
      const { providers } = runtimes.current.configuration;
      const named = providers.filter((each) => each.name === name);
      const meant = named.length > 0 ? named : providers.filter(({ id }) => id === name);
      for (const { id } of meant) {
        providerRef(id)?.send({ type: `operator.${action}`, at: clock.now() });
        observe({ type: 'provider.operated', provider: id, action });
      }
      if (meant.length > 0) {
        store.changed();
        runner.wake();
      }
      return meant.map(statusOf);
    },
    cleanup: (force) => ({
      sessions: runner.forgetSessions(force),
      modelLists: catalogue.forget(runtimes.current, force),
      answers: runner.clearCache(force),
    }),
    cache: () => runner.cache(),
    clearCache: () => runner.clearCache(true),
    opened: () => balancer.send({ type: 'server.listening' }),
    reload(configuration) {
      const before = runtimes.current.configuration;
      const input = balancerInput(configuration, before);
      runtimes.replace(configuration);
      redactor = createRedactor([...secretsOf(before), ...secretsOf(configuration)]);
      ownKeys = new Set(configuration.settings.auth.apiKeys);
      balancer.send({ type: 'config.changed', ...input });
      slots.configure(configuration.providers);
      memory.configure(configuration);
      store.changed();
      runner.wake();
    },
    async drain() {
      observe({ type: 'server.draining', inFlight: runner.inFlight() });
      balancer.send({ type: 'operator.drain', inFlight: runner.inFlight() });
      if (phaseOf(balancer) === 'stopped') return;
      await new Promise<void>((resolve) => {
        balancer.subscribe({ complete: resolve });
      });
      runner.endAll();
    },
    async stop() {
      runner.endAll();
      const flushed = store.flush();
      if (phaseOf(balancer) !== 'stopped') balancer.send({ type: 'operator.stop' });
      await runtimes.destroy();
      await flushed;
    },
    follow(follower) {
      const guarded = guardedFollower(follower);
      followers.add(guarded);
      const { unsubscribe } = balancer.system.inspect({ next: guarded });
      // Those that are there already introduce themselves.
      const actors = [balancer, ...Object.values(balancer.getSnapshot().children)];
      for (const actorRef of actors) {
        if (actorRef !== undefined) guarded({ type: '@xstate.actor', actorRef, rootId: balancer.sessionId });
      }
      return () => {
        followers.delete(guarded);
        unsubscribe();
      };
    },
    phase: () => phaseOf(balancer),
    redact: (text) => redactor.text(text),
  };
}

function phaseOf(balancer: Actor<typeof balancerMachine>): EngineStatus['phase'] {
  return balancer.getSnapshot().value as EngineStatus['phase'];
}
