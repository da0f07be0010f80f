import { type Actor, type CallbackActorLogic, fromCallback } from 'xstate';
import { balancerMachine, type ProviderPlan, providerSystemId } from '../../machines/balancer.ts';
import { availabilityOf, type ProviderRef } from '../../machines/provider.ts';
import type { ProviderHealthChanged } from '../../machines/provider-events.ts';
import { requestMachine } from '../../machines/request.ts';
import type {
  AttemptInput,
  RequestEvent,
  RequestOutput,
  RequestPorts,
} from '../../machines/request-events.ts';
import { remember } from '../domain/affinity.ts';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import type { Candidate } from '../domain/candidate.ts';
import { isFailure } from '../domain/outcome.ts';
import { HEALTHY_PROVIDER } from '../domain/provider-health.ts';
import { emptyPool, type FinalError, noRoute, unknownPin } from '../domain/refusal.ts';
import { resolveRoutes } from '../domain/routing.ts';
import { createRedactor, type Redactor } from '../domain/secrets.ts';
import { orderCandidates } from '../domain/selection.ts';
import { createSelectionMemory } from '../domain/selection-memory.ts';
import { unservableReason } from '../domain/servable.ts';
import type { Configuration, ProviderSettings } from '../domain/settings.ts';
import type { Clock, Random } from '../domain/time.ts';
import type { AttemptTrace } from '../domain/trace.ts';
import { type WalkedBody, walkBody } from '../protocols/anthropic/body-walker.ts';
import { promptPreview } from '../protocols/anthropic/prompt-preview.ts';
import type { BalancerEvent, RequestFacts } from '../telemetry/events.ts';
import { Exchange } from './exchange.ts';
import { exhaustedError } from './final-error.ts';
import type {
  ClientRequest,
  Engine,
  EngineStatus,
  ModelInfo,
  OperatorAction,
  ProviderStatus,
  Reply,
} from './interface.ts';
import { localCount, ownReply } from './local-replies.ts';
import { createModelCatalogue } from './models.ts';
import { budgetMs, type HeaderFacts, headerFacts } from './request-facts.ts';
import { createRuntimeSource, type OpenTransport, type Runtime } from './runtime.ts';
import { startRoot } from './start-root.ts';
import { openStateStore } from './state-file.ts';
import { createProviderStatistics, type ProviderStatistics } from './statistics.ts';
import { providerStatus } from './status.ts';

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
}

/** The engine with what the composition root drives it by. */
export interface RunningEngine extends Engine {
  /** The server listens: requests may come. */
  opened(): void;
  /** Takes a valid configuration. Running requests end on the one they began with. */
  reload(configuration: Configuration): void;
  /** Turns new requests away and resolves when the running ones have ended, or `shutdown_timeout` has. */
  drain(): Promise<void>;
  /** Ends everything at once and writes what is to be kept. */
  stop(): Promise<void>;
  /** Without building the whole status. */
  phase(): EngineStatus['phase'];
  /** Strikes configured secrets out of a text. */
  redact(text: string): string;
}

/** The life of one request, as the engine's tables hold it. */
interface LiveRequest {
  readonly exchange: Exchange;
  readonly facts: RequestFacts;
  readonly runtime: Runtime;
  readonly leave: () => void;
  /** The route under which affinity is kept, and who stood first. */
  readonly route: string;
  readonly preferred: string;
  readonly isPinned: boolean;
}

export async function createEngine(options: EngineOptions): Promise<RunningEngine> {
  const { clock, random, observe, buffers, isUtf8 } = options;
  const runtimes = createRuntimeSource(options.configuration, options.openTransport);
  const memory = createSelectionMemory();
  const statistics = new Map<string, ProviderStatistics>();
  const live = new Map<string, LiveRequest>();
  const watchers = new Set<() => void>();
  /** The newest actor of each provider; its last snapshot outlives it, for the state file. */
  const refs = new Map<string, ProviderRef>();
  let redactor: Redactor = createRedactor(secretsOf(options.configuration));
  let ownKeys = new Set(options.configuration.settings.auth.apiKeys);
  let sequence = 0;
  let lastProvider: string | undefined;
  let wakePlanned = false;

  const store = await openStateStore({
    file: options.configuration.settings.stateFile,
    clock,
    collect: () =>
      runtimes.current.configuration.providers.map((provider) => {
        const context = refs.get(provider.id)?.getSnapshot().context;
        const health = context?.health ?? HEALTHY_PROVIDER;
        return { provider, health, disabledByHand: context?.disabledByHand ?? false };
      }),
    warn: (message) => observe({ type: 'state.warning', message }),
  });

  const onFault = (error: unknown): void =>
    observe({ type: 'fault', message: 'An actor of the provider system failed.', error });

  const balancer: Actor<typeof balancerMachine> = startRoot(
    balancerMachine,
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
    return balancer.system.get(providerSystemId(id)) as ProviderRef | undefined;
  }

  function plansOf(configuration: Configuration, before?: Configuration): ProviderPlan[] {
    const known = new Map(before?.providers.map((provider) => [provider.id, provider]));
    return configuration.providers.map((provider) => {
      const plan = { id: provider.id, enabled: provider.enabled };
      const old = known.get(provider.id);
      if (old !== undefined) return { ...plan, identityChanged: !sameIdentity(old, provider) };
      const kept = store.restore(provider, clock.now());
      return kept === undefined ? plan : { ...plan, ...kept };
    });
  }

  function balancerInput(configuration: Configuration, before?: Configuration) {
    const { resilience, shutdownTimeoutMs } = configuration.settings;
    return {
      providers: plansOf(configuration, before),
      policy: resilience,
      shutdownTimeoutMs,
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
      wake();
    });
  }

  /** Wakes those who wait, one after the other and never within a provider's own step: each sees what the last one took. */
  function wake(): void {
    if (wakePlanned || watchers.size === 0) return;
    wakePlanned = true;
    queueMicrotask(() => {
      wakePlanned = false;
      for (const watcher of [...watchers]) watcher();
    });
  }

  const requestLogic = requestMachine.provide({
    actors: {
      attempt: fromCallback<RequestEvent, AttemptInput>(({ input, sendBack }) => {
        const request = live.get(input.requestId);
        if (request === undefined) throw new Error(`request ${input.requestId} is not known`);
        statisticsOf(input.candidate.provider).started();
        return request.exchange.attempt(input, (event) => {
          if (event.type === 'attempt.committed') remembered(request, input.candidate);
          sendBack(event);
        });
      }) as CallbackActorLogic<RequestEvent, AttemptInput>,
      healthWatch: fromCallback<RequestEvent, { requestId: string }>(({ sendBack }) => {
        const watcher = (): void => sendBack({ type: 'providers.changed' });
        watchers.add(watcher);
        return () => watchers.delete(watcher);
      }) as CallbackActorLogic<RequestEvent, { requestId: string }>,
    },
  });

  function statisticsOf(provider: string): ProviderStatistics {
    const known = statistics.get(provider) ?? createProviderStatistics();
    statistics.set(provider, known);
    return known;
  }

  function remembered({ facts, route, preferred, isPinned }: LiveRequest, candidate: Candidate): void {
    if (facts.endpoint !== 'messages') return;
    lastProvider = candidate.provider;
    if (isPinned) return;
    const { session } = facts;
    remember(memory.affinity, { session, route, provider: candidate.provider, preferred, at: clock.now() });
  }

  function portsOf(runtime: Runtime): RequestPorts {
    return {
      now: clock.now,
      chance: random,
      nextSequence: () => ++sequence,
      provider: providerRef,
      host: (id) => hostOf(runtime.providers.get(id)),
    };
  }

  function submit(request: ClientRequest, signal: AbortSignal): Promise<Reply> {
    const walked = walkBody(request.body, isUtf8);
    if (walked.kind === 'malformed') {
      request.releaseBody();
      return Promise.resolve(ownReply(400, 'invalid_request_error', walked.message, request.id));
    }
    const runtime = runtimes.current;
    const header = headerFacts(request.headers);
    const facts = factsOf(request, walked, header);
    observeReceived(facts, request, runtime);
    const pin = header.pin ?? walked.provider;
    const routing = resolveRoutes(runtime.routes, walked.model, pin);
    if (routing.kind === 'routed')
      return run(
        request,
        walked,
        header,
        facts,
        runtime,
        { tiers: routing.tiers, isPinned: pin !== undefined },
        signal,
      );
    request.releaseBody();
    const error = unroutable(routing, walked.model, pin, runtime, request.id);
    return Promise.resolve(localEnd(request, facts, error));
  }

  /** An answer of our own, without any attempt. */
  function localEnd(request: ClientRequest, facts: RequestFacts, error: FinalError): Reply {
    if (facts.endpoint === 'count_tokens') return localCount(request);
    observe({
      type: 'request.ended',
      request: facts,
      result: 'exhausted',
      status: error.status,
      trace: { decisions: [], attempts: [] },
      durationMs: clock.now() - request.receivedAt,
      error: error.message,
    });
    return { status: error.status, headers: error.headers, body: Buffer.from(error.body) };
  }

  function run(
    request: ClientRequest,
    walked: WalkedBody,
    header: HeaderFacts,
    facts: RequestFacts,
    runtime: Runtime,
    { tiers, isPinned }: { readonly tiers: readonly (readonly Candidate[])[]; readonly isPinned: boolean },
    signal: AbortSignal,
  ): Promise<Reply> {
    const { settings } = runtime.configuration;
    const { resilience } = settings;
    const { endpoint } = request;
    const isSide = endpoint !== 'messages';
    const stream = walked.stream && !isSide;
    const now = clock.now();
    const { order, reason } = orderCandidates({
      tiers,
      availability: ({ provider, model }) => {
        const ref = providerRef(provider);
        return ref === undefined
          ? { kind: 'disabled' }
          : availabilityOf(ref.getSnapshot(), { model, endpoint }, now);
      },
      strategy: settings.selectionStrategy,
      randomTop: settings.randomTop,
      memory,
      session: facts.session,
      now,
      random,
      stickyMs: settings.stickyProviderDurationMs,
      // A side request and a pinned one take no turn.
      takesTurn: !isSide && !isPinned,
    });
    const budget = budgetMs(stream, endpoint, header.patienceMs, resilience.requestBudgetMs);
    const exchange = new Exchange({
      request,
      walked,
      stream,
      isClaudeCode: header.isClaudeCode,
      runtime,
      clock,
      buffers,
      redactor,
      isOwnKey: (value) => ownKeys.has(value),
      budgetMs: budget,
    });
    const entry: LiveRequest = {
      exchange,
      facts,
      runtime,
      leave: runtime.enter(),
      route: tiers[0]?.[0]?.route ?? '*',
      preferred: order[0]?.provider ?? '',
      isPinned,
    };
    live.set(request.id, entry);
    const ports = portsOf(runtime);
    const actor = startRoot(
      requestLogic,
      {
        clock,
        onFault: (error) => {
          observe({ type: 'fault', message: 'A request failed by a bug.', error, requestId: request.id });
          exchange.fault();
          ended(
            request,
            entry,
            { result: 'exhausted', reason: 'balancer_fault', trace: NO_TRACE },
            'faulted',
          );
        },
        input: {
          id: request.id,
          endpoint,
          order,
          reason,
          policy: {
            stream,
            holdMs: isSide ? 0 : resilience.holdWhileCoolingMs,
            maxAttempts: isSide ? 0 : resilience.maxAttempts,
            failoverBelowThreshold: isSide || resilience.failoverBelowThreshold,
            patient: !isSide,
          },
          deadlineAt: request.receivedAt + budget,
          ports,
        },
      },
      (root) => {
        root.on('attempt.ended', ({ attempt }) => attemptEnded(entry, attempt));
        root.subscribe({
          complete: () => {
            const { output } = root.getSnapshot();
            if (output !== undefined) finish(request, entry, output);
          },
        });
      },
    );
    const leave = (): void => actor.send({ type: 'client.left' });
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    return exchange.reply;
  }

  function attemptEnded(entry: LiveRequest, attempt: AttemptTrace): void {
    const { facts } = entry;
    const { candidate, outcome, number, startedAt, endedAt = startedAt, committedAt } = attempt;
    const time = committedAt === undefined ? undefined : committedAt - startedAt;
    statisticsOf(candidate.provider).ended(outcome?.kind === 'success', time);
    // A long answer keeps the cache warm until its end.
    if (outcome?.kind === 'success') remembered(entry, candidate);
    if (outcome === undefined || !isFailure(outcome)) return;
    observe({
      type: 'request.attempt_failed',
      request: facts,
      provider: candidate.provider,
      model: candidate.model,
      attempt: number,
      failure: outcome,
      afterMs: endedAt - startedAt,
    });
  }

  function finish(request: ClientRequest, entry: LiveRequest, output: RequestOutput): void {
    const { exchange, facts } = entry;
    if (facts.endpoint === 'count_tokens' && (output.result === 'exhausted' || output.result === 'refused')) {
      const { status, headers, body } = localCount(request);
      exchange.complete(status, headers, body);
    }
    exchange.finish(output, () =>
      exhaustedError(output, request.id, clock.now(), providerRef, facts.endpoint),
    );
    ended(request, entry, output, output.result);
  }

  function ended(
    request: ClientRequest,
    entry: LiveRequest,
    output: RequestOutput,
    result: RequestOutput['result'] | 'faulted',
  ): void {
    if (!live.delete(request.id)) return;
    const { exchange, facts, leave } = entry;
    leave();
    const attempt = output.trace.attempts.at(-1);
    const first = exchange.firstContentAt;
    observe({
      type: 'request.ended',
      request: facts,
      result,
      status: exchange.status,
      ...(attempt === undefined || first === undefined
        ? {}
        : { provider: attempt.candidate.provider, model: attempt.candidate.model }),
      trace: output.trace,
      ...(attempt?.usage === undefined ? {} : { usage: attempt.usage }),
      ...(first === undefined ? {} : { timeToFirstContentMs: first - request.receivedAt }),
      durationMs: clock.now() - request.receivedAt,
      ...(exchange.error === undefined ? {} : { error: exchange.error }),
    });
    if (live.size === 0) balancer.send({ type: 'requests.ended' });
  }

  function observeReceived(facts: RequestFacts, request: ClientRequest, runtime: Runtime): void {
    const debug = runtime.configuration.settings.logLevel === 'debug';
    const preview = debug ? promptPreview(request.body) : undefined;
    observe({
      type: 'request.received',
      request: facts,
      ...(preview === undefined ? {} : { preview: redactor.text(preview) }),
    });
  }

  const catalogue = createModelCatalogue({ clock, isOwnKey: (value) => ownKeys.has(value), buffers });

  function statusOf(provider: ProviderSettings): ProviderStatus {
    const { current } = runtimes;
    return providerStatus(
      provider,
      providerRef(provider.id),
      statistics.get(provider.id),
      current,
      clock.now(),
    );
  }

  return {
    submit,
    status() {
      const { configuration } = runtimes.current;
      return {
        phase: phaseOf(balancer),
        strategy: configuration.settings.selectionStrategy,
        routes: configuration.routes.map(({ pattern, targets }) => ({ pattern, targets: targets.length })),
        inFlight: live.size,
        bufferedBytes: buffers.used(),
        providers: configuration.providers.map(statusOf),
        ...(lastProvider === undefined ? {} : { lastProvider }),
      };
    },
    models: (clientHeaders): readonly ModelInfo[] => catalogue.list(runtimes.current, clientHeaders),
    operate(name, action: OperatorAction) {
      const { providers } = runtimes.current.configuration;
      const provider =
        providers.find(({ id }) => id === name) ?? providers.find((each) => each.name === name);
      if (provider === undefined) return undefined;
      providerRef(provider.id)?.send({ type: `operator.${action}`, at: clock.now() });
      observe({ type: 'provider.operated', provider: provider.id, action });
      store.changed();
      wake();
      return statusOf(provider);
    },
    opened: () => balancer.send({ type: 'server.listening' }),
    reload(configuration) {
      const before = runtimes.current.configuration;
      const input = balancerInput(configuration, before);
      runtimes.replace(configuration);
      redactor = createRedactor([...secretsOf(before), ...secretsOf(configuration)]);
      ownKeys = new Set(configuration.settings.auth.apiKeys);
      balancer.send({ type: 'config.changed', ...input });
      store.changed();
      wake();
    },
    async drain() {
      observe({ type: 'server.draining', inFlight: live.size });
      balancer.send({ type: 'operator.drain', inFlight: live.size });
      if (phaseOf(balancer) === 'stopped') return;
      await new Promise<void>((resolve) => {
        balancer.subscribe({ complete: resolve });
      });
    },
    async stop() {
      const flushed = store.flush();
      balancer.send({ type: 'operator.stop' });
      await runtimes.destroy();
      await flushed;
    },
    phase: () => phaseOf(balancer),
    redact: (text) => redactor.text(text),
  };
}

const NO_TRACE = { decisions: [], attempts: [] } as const;

function phaseOf(balancer: Actor<typeof balancerMachine>): EngineStatus['phase'] {
  return balancer.getSnapshot().value as EngineStatus['phase'];
}

function factsOf(request: ClientRequest, walked: WalkedBody, header: HeaderFacts): RequestFacts {
  const session = header.session ?? walked.session;
  return {
    id: request.id,
    endpoint: request.endpoint,
    model: walked.model,
    stream: walked.stream,
    bytes: request.body.length,
    ...(session === undefined ? {} : { session }),
    ...(header.agent === undefined ? {} : { agent: header.agent }),
  };
}

function unroutable(
  routing: Exclude<ReturnType<typeof resolveRoutes>, { kind: 'routed' }>,
  model: string,
  pin: string | undefined,
  runtime: Runtime,
  requestId: string,
): FinalError {
  const { providers, routes } = runtime.configuration;
  if (routing.kind === 'unknown_pin') {
    const known = [...runtime.routes.pins.keys()];
    return unknownPin(pin ?? '', { configured: routing.configured, known, requestId });
  }
  if (routing.reason === 'no_match' && routes.length > 0)
    return noRoute(
      model,
      routes.map(({ pattern }) => pattern),
      requestId,
    );
  const unusable = providers.map((provider) => ({
    provider: provider.name,
    reason: reasonOf(provider, model),
  }));
  return emptyPool({ model, unusable, requestId });
}

function reasonOf(provider: ProviderSettings, model: string): string {
  if (!provider.enabled) return 'switched off in the configuration file';
  const unservable = unservableReason(provider);
  if (unservable !== undefined) return unservable;
  return `does not serve ${model} by its routes and available_models`;
}

function hostOf(provider: ProviderSettings | undefined): string {
  if (provider === undefined) return '';
  return URL.canParse(provider.baseUrl) ? new URL(provider.baseUrl).host : provider.baseUrl;
}

/** Whether what was learnt of the one still holds for the other: the same address, credential and way there. */
function sameIdentity(a: ProviderSettings, b: ProviderSettings): boolean {
  const identity = ({ type, baseUrl, credential, proxy }: ProviderSettings): string =>
    JSON.stringify([type, baseUrl, credential, proxy]);
  return identity(a) === identity(b);
}

function secretsOf({ providers, settings }: Configuration): string[] {
  const credentials = providers.flatMap(({ credential, proxy, headers }) => [
    ...('value' in credential ? [credential.value] : []),
    ...passwordOf(proxy),
    ...Object.values(headers),
  ]);
  return [...credentials, ...settings.auth.apiKeys];
}

function passwordOf(proxy: string | undefined): string[] {
  if (proxy === undefined || !URL.canParse(proxy)) return [];
  const { password } = new URL(proxy);
  return password === '' ? [] : [password, decodeURIComponent(password)];
}

function healthEvent(change: ProviderHealthChanged): BalancerEvent {
  const { provider, scope, from, to, rule, failure, requestId, attemptId, coolingUntil } = change;
  const attempt = Number(attemptId?.slice(attemptId.lastIndexOf('#') + 1));
  return {
    type: 'health.changed',
    provider,
    scope,
    from,
    to,
    rule,
    ...(failure === undefined ? {} : { cause: failure }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(Number.isInteger(attempt) ? { attempt } : {}),
    ...(coolingUntil === undefined ? {} : { coolingUntil }),
  };
}
