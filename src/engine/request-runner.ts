import { type CallbackActorLogic, fromCallback } from 'xstate';
import { availabilityOf, type ProviderRef } from '../../machines/provider.ts';
import { type RequestRef, requestMachine } from '../../machines/request.ts';
import type { AttemptInput, RequestEvent, RequestOutput } from '../../machines/request-events.ts';
import { settleAfterFault } from '../../machines/request-verdicts.ts';
import { remember } from '../domain/affinity.ts';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import type { Candidate } from '../domain/candidate.ts';
import { isFailure } from '../domain/outcome.ts';
import type { FinalError } from '../domain/refusal.ts';
import { resolveRoutes } from '../domain/routing.ts';
import type { Redactor } from '../domain/secrets.ts';
import { orderCandidates } from '../domain/selection.ts';
import { createSelectionMemory } from '../domain/selection-memory.ts';
import type { Clock, Random } from '../domain/time.ts';
import type { AttemptTrace } from '../domain/trace.ts';
import { type WalkedBody, walkBody } from '../protocols/anthropic/body-walker.ts';
import { promptPreview } from '../protocols/anthropic/prompt-preview.ts';
import type { BalancerEvent, RequestEnded, RequestFacts } from '../telemetry/events.ts';
import { hostOf } from './configuration-facts.ts';
import { Exchange } from './exchange.ts';
import { exhaustedError } from './final-error.ts';
import type { ClientRequest, Reply } from './interface.ts';
import { localCount, ownReply } from './local-replies.ts';
import { budgetMs, type HeaderFacts, headerFacts } from './request-facts.ts';
import type { Runtime } from './runtime.ts';
import { startRoot } from './start-root.ts';
import { createProviderStatistics, type ProviderStatistics } from './statistics.ts';
import { unroutable } from './unroutable.ts';

/** What requests need of the engine around them. */
export interface RunnerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Must not throw. */
  readonly observe: (event: BalancerEvent) => void;
  readonly buffers: BufferBudget;
  readonly isUtf8: (bytes: Uint8Array) => boolean;
  /** The configuration that a new request begins with. */
  readonly runtime: () => Runtime;
  readonly redactor: () => Redactor;
  readonly isOwnKey: (value: string) => boolean;
  readonly providerRef: (id: string) => ProviderRef | undefined;
  /** The last running request has ended. */
  readonly idle: () => void;
}

/** Runs requests: each is a root actor with an exchange beside it. */
export interface RequestRunner {
  submit(request: ClientRequest, signal: AbortSignal): Promise<Reply>;
  /** Something about the providers changed: those who wait look again. */
  wake(): void;
  statistics(provider: string): ProviderStatistics;
  inFlight(): number;
  lastProvider(): string | undefined;
}

/** The life of one request, as the runner's table holds it. Nothing here refers to its body. */
interface LiveRequest {
  readonly exchange: Exchange;
  /** Ends it after an exception of ours. */
  readonly fault: (error: unknown) => void;
  readonly facts: RequestFacts;
  readonly receivedAt: number;
  readonly leaveRuntime: () => void;
  /** The route under which affinity is kept, and who stood first. */
  readonly route: string;
  readonly preferred: string;
  readonly isPinned: boolean;
  /** Where its running attempt is counted. */
  running: ProviderStatistics | undefined;
}

const NO_TRACE = { decisions: [], attempts: [] } as const;

export function createRequestRunner(options: RunnerOptions): RequestRunner {
  return new Runner(options);
}

class Runner implements RequestRunner {
  readonly #options: RunnerOptions;
  readonly #memory = createSelectionMemory();
  readonly #statistics = new Map<string, ProviderStatistics>();
  readonly #live = new Map<string, LiveRequest>();
  readonly #watchers = new Set<() => void>();
  readonly #logic;
  #sequence = 0;
  #lastProvider: string | undefined;
  #wakePlanned = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#logic = requestMachine.provide({
      actors: {
        attempt: fromCallback<RequestEvent, AttemptInput>(({ input, sendBack }) => {
          const entry = this.#live.get(input.requestId);
          if (entry === undefined) throw new Error(`request ${input.requestId} is not known`);
          entry.running = this.statistics(input.candidate.provider);
          entry.running.started();
          try {
            return entry.exchange.attempt(input, (event) => {
              if (event.type === 'attempt.committed') this.#remember(entry, input.candidate);
              sendBack(event);
            });
          } catch (error) {
            entry.fault(error);
            return () => {};
          }
        }) as CallbackActorLogic<RequestEvent, AttemptInput>,
        healthWatch: fromCallback<RequestEvent, { requestId: string }>(({ sendBack }) => {
          const watcher = (): void => sendBack({ type: 'providers.changed' });
          this.#watchers.add(watcher);
          return () => this.#watchers.delete(watcher);
        }) as CallbackActorLogic<RequestEvent, { requestId: string }>,
      },
    });
  }

  submit(request: ClientRequest, signal: AbortSignal): Promise<Reply> {
    const { isUtf8, runtime } = this.#options;
    const walked = walkBody(request.body, isUtf8);
    if (walked.kind === 'malformed') {
      request.releaseBody();
      return Promise.resolve(this.#reject(request, walked.message));
    }
    const current = runtime();
    const header = headerFacts(request.headers);
    const facts = factsOf(request, walked, header);
    this.#tellReceived(facts, request.body, current);
    const pin = header.pin ?? walked.provider;
    const routing = resolveRoutes(current.routes, walked.model, pin);
    const { body: _body, ...rest } = request;
    if (routing.kind === 'routed')
      return this.#run(rest, walked, header, facts, current, routing.tiers, pin !== undefined, signal);
    request.releaseBody();
    const error = unroutable(routing, walked.model, pin, current, request.id);
    return Promise.resolve(this.#turnAway(rest, facts, error));
  }

  /** One after the other and never within a provider's own step: each sees what the last one took. */
  wake(): void {
    if (this.#wakePlanned || this.#watchers.size === 0) return;
    this.#wakePlanned = true;
    queueMicrotask(() => {
      this.#wakePlanned = false;
      for (const watcher of [...this.#watchers]) watcher();
    });
  }

  statistics(provider: string): ProviderStatistics {
    const known = this.#statistics.get(provider) ?? createProviderStatistics();
    this.#statistics.set(provider, known);
    return known;
  }

  inFlight(): number {
    return this.#live.size;
  }

  lastProvider(): string | undefined {
    return this.#lastProvider;
  }

  /** A body that tells too little to make a request of it. */
  #reject({ id: requestId, path }: ClientRequest, reason: string): Reply {
    const [plainPath = path] = path.split('?', 1);
    this.#options.observe({ type: 'request.rejected', requestId, path: plainPath, status: 400, reason });
    return ownReply(400, 'invalid_request_error', reason, requestId);
  }

  /** An answer of our own, without any attempt. */
  #turnAway(request: Omit<ClientRequest, 'body'>, facts: RequestFacts, error: FinalError): Reply {
    const isCount = facts.endpoint === 'count_tokens';
    const own = { status: error.status, headers: error.headers, body: Buffer.from(error.body) };
    const reply = isCount ? localCount(facts) : own;
    this.#options.observe({
      type: 'request.ended',
      request: facts,
      result: isCount ? 'local' : 'exhausted',
      status: reply.status,
      trace: NO_TRACE,
      durationMs: this.#options.clock.now() - request.receivedAt,
      ...(isCount ? {} : { error: error.message }),
    });
    return reply;
  }

  #run(
    request: Omit<ClientRequest, 'body'>,
    walked: WalkedBody,
    header: HeaderFacts,
    facts: RequestFacts,
    runtime: Runtime,
    tiers: readonly (readonly Candidate[])[],
    isPinned: boolean,
    signal: AbortSignal,
  ): Promise<Reply> {
    const { clock, random, buffers, redactor, isOwnKey, providerRef } = this.#options;
    const { resilience } = runtime.configuration.settings;
    const { id, endpoint, receivedAt } = request;
    const isSide = endpoint !== 'messages';
    const stream = walked.stream && !isSide;
    const { order, reason } = this.#order(facts, runtime, tiers, !isSide && !isPinned);
    const budget = budgetMs(stream, endpoint, header.patienceMs, resilience.requestBudgetMs);
    const { isClaudeCode } = header;
    const fault = (error: unknown): void => this.#faulted(entry, error, () => actor);
    const exchange = new Exchange({
      request,
      walked,
      stream,
      isClaudeCode,
      runtime,
      clock,
      buffers,
      isOwnKey,
      redactor: redactor(),
      budgetMs: budget,
      onFault: fault,
    });
    const entry: LiveRequest = {
      exchange,
      fault,
      facts,
      receivedAt,
      leaveRuntime: runtime.enter(),
      route: tiers[0]?.[0]?.route ?? '*',
      preferred: order[0]?.provider ?? '',
      isPinned,
      running: undefined,
    };
    this.#live.set(id, entry);
    const input = {
      id,
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
      deadlineAt: receivedAt + budget,
      ports: {
        now: clock.now,
        chance: random,
        nextSequence: () => ++this.#sequence,
        provider: providerRef,
        host: (provider: string) => hostOf(runtime.providers.get(provider)),
      },
    };
    const actor = startRoot(this.#logic, { clock, input, onFault: fault }, (root) => {
      // What a listener of an actor throws would end the process.
      root.on('attempt.ended', ({ attempt }) => guarded(() => this.#attemptEnded(entry, attempt), fault));
      root.subscribe({
        complete: () => {
          const { output } = root.getSnapshot();
          if (output !== undefined) guarded(() => this.#finish(entry, output), fault);
        },
      });
    });
    const leave = (): void => actor.send({ type: 'client.left' });
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    return exchange.reply;
  }

  #order(
    { session, endpoint }: RequestFacts,
    runtime: Runtime,
    tiers: readonly (readonly Candidate[])[],
    takesTurn: boolean,
  ) {
    const { clock, random, providerRef } = this.#options;
    const { selectionStrategy, randomTop, stickyProviderDurationMs } = runtime.configuration.settings;
    const now = clock.now();
    return orderCandidates({
      tiers,
      availability: ({ provider, model }) => {
        const ref = providerRef(provider);
        if (ref === undefined) return { kind: 'disabled' };
        return availabilityOf(ref.getSnapshot(), { model, endpoint }, now);
      },
      strategy: selectionStrategy,
      randomTop,
      memory: this.#memory,
      session,
      now,
      random,
      stickyMs: stickyProviderDurationMs,
      takesTurn,
    });
  }

  /** A pinned request says nothing about where its session belongs. */
  #remember({ facts, route, preferred, isPinned }: LiveRequest, { provider }: Candidate): void {
    if (facts.endpoint !== 'messages') return;
    this.#lastProvider = provider;
    if (isPinned) return;
    const at = this.#options.clock.now();
    remember(this.#memory.affinity, { session: facts.session, route, provider, preferred, at });
  }

  #attemptEnded(entry: LiveRequest, attempt: AttemptTrace): void {
    const { candidate, outcome, number, startedAt, endedAt = startedAt, committedAt } = attempt;
    const time = committedAt === undefined ? undefined : committedAt - startedAt;
    this.statistics(candidate.provider).ended(outcome?.kind === 'success', time);
    entry.running = undefined;
    // A trial that ended without a visible change has its turn to give.
    this.wake();
    // A long answer keeps the cache warm until its end.
    if (outcome?.kind === 'success') this.#remember(entry, candidate);
    if (outcome === undefined || !isFailure(outcome)) return;
    this.#options.observe({
      type: 'request.attempt_failed',
      request: entry.facts,
      provider: candidate.provider,
      model: candidate.model,
      attempt: number,
      failure: outcome,
      afterMs: endedAt - startedAt,
    });
  }

  #finish(entry: LiveRequest, output: RequestOutput): void {
    const { exchange, facts } = entry;
    const unanswered = output.result === 'exhausted' || output.result === 'refused';
    if (facts.endpoint === 'count_tokens' && unanswered) {
      exchange.answerLocally(localCount(facts));
      this.#ended(entry, output.trace, 'local');
      return;
    }
    const { clock, providerRef } = this.#options;
    exchange.finish(output, () => exhaustedError(output, facts.id, clock.now(), providerRef, facts.endpoint));
    this.#ended(entry, output.trace, output.result);
  }

  /** A bug of ours: the client gets a 500, the providers what they are owed, and the log the reason. */
  #faulted(entry: LiveRequest, error: unknown, actor: () => RequestRef): void {
    const { facts, exchange } = entry;
    this.#options.observe({
      type: 'fault',
      message: 'A request failed by a bug.',
      error,
      requestId: facts.id,
    });
    if (!this.#live.has(facts.id)) return;
    exchange.fault();
    entry.running?.ended(false);
    // Not before the failing actor has come to rest.
    queueMicrotask(() => {
      actor().stop();
      settleAfterFault(actor().getSnapshot().context);
      this.wake();
    });
    this.#ended(entry, NO_TRACE, 'faulted');
  }

  #ended(entry: LiveRequest, trace: RequestEnded['trace'], result: RequestEnded['result']): void {
    const { exchange, facts, leaveRuntime, receivedAt } = entry;
    if (!this.#live.delete(facts.id)) return;
    leaveRuntime();
    const attempt = trace.attempts.at(-1);
    const first = exchange.firstContentAt;
    const served = attempt !== undefined && first !== undefined ? attempt.candidate : undefined;
    this.#options.observe({
      type: 'request.ended',
      request: facts,
      result,
      status: exchange.status,
      ...(served === undefined ? {} : { provider: served.provider, model: served.model }),
      trace,
      ...(attempt?.usage === undefined ? {} : { usage: attempt.usage }),
      ...(first === undefined ? {} : { timeToFirstContentMs: first - receivedAt }),
      durationMs: this.#options.clock.now() - receivedAt,
      ...(exchange.error === undefined ? {} : { error: exchange.error }),
    });
    if (this.#live.size === 0) this.#options.idle();
  }

  #tellReceived(facts: RequestFacts, body: Buffer, runtime: Runtime): void {
    const debug = runtime.configuration.settings.logLevel === 'debug';
    const preview = debug ? promptPreview(body) : undefined;
    this.#options.observe({
      type: 'request.received',
      request: facts,
      ...(preview === undefined ? {} : { preview: this.#options.redactor().text(preview) }),
    });
  }
}

function guarded(act: () => void, fault: (error: unknown) => void): void {
  try {
    act();
  } catch (error) {
    fault(error);
  }
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
