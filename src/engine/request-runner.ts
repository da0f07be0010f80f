import type { RequestRef } from '../../machines/request.ts';
import type {
  AttemptInput,
  RequestEvent,
  RequestOutput,
  RequestPorts,
  WatchInput,
} from '../../machines/request-events.ts';
import { settleAfterFault } from '../../machines/request-verdicts.ts';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import { LiveTable } from '../domain/live-table.ts';
import type { AttemptTrace } from '../domain/trace.ts';
import type { RequestEnded } from '../telemetry/events.ts';
import type { InspectionSink } from '../telemetry/inspection-sink.ts';
import { type AdmissionOptions, type AdmittedRequest, admit } from './admission.ts';
import {
  type CandidateOrder,
  type CandidateOrderOptions,
  createCandidateOrder,
  type ServedRequest,
} from './candidate-order.ts';
import { ClientReply } from './client-reply.ts';
import { Duplicates, type Host } from './duplicates.ts';
import { Exchange } from './exchange.ts';
import { exhaustedError } from './final-error.ts';
import { budgetOf, leaderSeat } from './guest.ts';
import { inspectedRequest } from './inspected-request.ts';
import type { CacheStatus, ClientRequest, Departure, Reply } from './interface.ts';
import { localCount } from './local-replies.ts';
import { identify, type RequestIdentified } from './request-identity.ts';
import { requestInput } from './request-input.ts';
import { requestLogic } from './request-logic.ts';
import { attemptFailed, NO_TRACE, requestEnded } from './request-reports.ts';
import type { Runtime } from './runtime.ts';
import type { Seat } from './seat.ts';
import type { Slots } from './slots.ts';
import { type Follower, startRoot } from './start-root.ts';
import { createStatistics, type ProviderStatistics } from './statistics.ts';
import { createWaitingRequests } from './waiting-requests.ts';

/** What requests need of the engine around them. */
export interface RunnerOptions extends AdmissionOptions, CandidateOrderOptions {
  readonly buffers: BufferBudget;
  /** The configuration that a new request begins with. */
  readonly runtime: () => Runtime;
  readonly slots: Slots;
  /** Told what requests do; undefined: the inspector is off. */
  readonly inspection?: InspectionSink | undefined;
  /** Who follows everything that actors do; undefined: nobody does now. */
  readonly follower?: () => Follower | undefined;
  /** The last running request has ended. */
  readonly idle: () => void;
}

/** Runs requests: each is a root actor with an exchange beside it. */
export interface RequestRunner {
  submit(request: ClientRequest, departure: Departure): Promise<Reply>;
  /** Something about the providers changed: those who wait look again. */
  wake(): void;
  statistics(provider: string): ProviderStatistics;
  inFlight(): number;
  /** Ends whatever still runs, now. */
  endAll(): void;
  lastProvider(): string | undefined;
  /** Forgets which provider sessions belong to, where that is over; with `force` everywhere. Gives how often. */
  forgetSessions(force: boolean): number;
  cache(): CacheStatus;
  /** Forgets kept answers that are too old, or with `all` everything; gives how many. */
  clearCache(all: boolean): number;
}

/** The life of one request, as the runner's table holds it. Nothing here refers to its body. */
interface LiveRequest extends ServedRequest, Host {
  readonly leader: Seat;
  /** What came of its own client, where that is not what came of the exchange: it left, was left behind, or met a bug. */
  ownResult: 'cancelled' | 'broken' | 'faulted' | undefined;
  /** The exchange has ended, and its own client has not got everything yet. */
  whenDelivered: (() => void) | undefined;
  /** Ends it after an exception of ours. */
  readonly fault: (error: unknown) => void;
  readonly leaveRuntime: () => void;
  /** Ends it because the balancer does. */
  readonly shutDown: () => void;
  isShutDown: boolean;
  /** Where its running attempt is counted. */
  running: ProviderStatistics | undefined;
}

export function createRequestRunner(options: RunnerOptions): RequestRunner {
  return new Runner(options);
}

class Runner implements RequestRunner {
  readonly #options: RunnerOptions;
  readonly #order: CandidateOrder;
  readonly #statistics = createStatistics();
  readonly #live = new LiveTable<LiveRequest>();
  readonly #waiting = createWaitingRequests();
  readonly #ports: Omit<RequestPorts, 'host'>;
  readonly #logic;
  readonly #duplicates: Duplicates;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#order = createCandidateOrder(options);
    const { clock, observe, redactor } = options;
    this.#duplicates = new Duplicates({
      clock,
      observe,
      redactor,
      cache: options.runtime().configuration.settings.cache,
      run: (admitted, identity, client, departure) => this.#run(admitted, identity, client, departure),
      ended: () => this.#tellIfIdle(),
    });
    let sequence = 0;
    this.#ports = {
      now: options.clock.now,
      chance: options.random,
      nextSequence: () => ++sequence,
      provider: options.providerRef,
      slots: options.slots,
    };
    const logic = requestLogic({
      attempt: (input, tell) => this.#attempt(input, tell),
      healthWatch: (input, tell) => this.#wait(input, tell),
    });
    const { inspection } = options;
    this.#logic = inspection === undefined ? logic : inspectedRequest(logic, inspection);
  }

  submit(request: ClientRequest, departure: Departure): Promise<Reply> {
    const admission = admit(request, this.#options.runtime(), this.#options);
    if (admission.kind === 'answered') return Promise.resolve(admission.reply);
    const identity = identify(admission);
    const kept = this.#duplicates.kept(admission, identity);
    if (kept !== undefined) return Promise.resolve(kept);
    const client = this.#clientOf(admission);
    if (!this.#duplicates.join(admission, identity, client, departure)) {
      this.#run(admission, identity, client, departure);
    }
    return client.reply;
  }

  wake(): void {
    this.#waiting.wake();
  }

  statistics(provider: string): ProviderStatistics {
    return this.#statistics.of(provider);
  }

  inFlight(): number {
    return this.#live.size + this.#duplicates.size;
  }

  endAll(): void {
    for (const entry of this.#live.values()) entry.shutDown();
    this.#duplicates.endAll();
  }

  lastProvider(): string | undefined {
    return this.#order.lastAnswered();
  }

  forgetSessions(force: boolean): number {
    return this.#order.forget(this.#options.runtime().configuration.settings.stickyProviderDurationMs, force);
  }

  cache(): CacheStatus {
    return this.#duplicates.status();
  }

  clearCache(all: boolean): number {
    return this.#duplicates.clear(all);
  }

  #clientOf({ request, header, facts, runtime }: AdmittedRequest): ClientReply {
    return new ClientReply({
      requestId: request.id,
      stream: facts.stream && request.endpoint === 'messages',
      isClaudeCode: header.isClaudeCode,
      clock: this.#options.clock,
      pingIntervalMs: runtime.configuration.settings.pingIntervalMs,
    });
  }

  #run(
    admitted: AdmittedRequest,
    identity: RequestIdentified | undefined,
    client: ClientReply,
    departure: Departure,
  ): void {
    // The closures below live as long as the request: none of them may hold `admitted`, and with it the body.
    const { request, walked, facts, runtime, tiers, isPinned } = admitted;
    const { clock, buffers, redactor, adapters } = this.#options;
    const { id, endpoint, receivedAt } = request;
    const stream = walked.stream && endpoint === 'messages';
    const { order, reason, passedOver } = this.#order.of(admitted);
    const budget = budgetOf(admitted);
    const fault = (error: unknown): void => this.#faulted(entry, error, () => actor);
    const leader = leaderSeat(admitted, client, (result) => {
      if (result === 'broken' || result === 'faulted') entry.ownResult = result;
      entry.whenDelivered?.();
    });
    const plan = { order, reason, stream, deadlineAt: receivedAt + budget };
    const input = requestInput(facts, runtime, plan, this.#ports);
    const exchange = new Exchange(walked, {
      request,
      watch: this.#options.inspection?.watch(id, {
        headers: request.headers,
        body: walked.bytes,
        redactor: redactor(),
        input,
        health: runtime.configuration.settings.resilience,
      }),
      stream,
      leader,
      isShared: identity?.shares === true,
      store: this.#duplicates.keeper(identity, endpoint, walked.maxTokens),
      onAbandoned: () => actor.send({ type: 'client.left' }),
      onSeatFault: (error, { facts: { id: requestId } }) =>
        this.#options.observe({
          type: 'fault',
          message: 'The answer to one of several equal requests failed by a bug.',
          error,
          requestId,
        }),
      runtime,
      clock,
      buffers,
      adapters,
      redactor: redactor(),
      budgetMs: budget,
      onFault: fault,
    });
    const entry: LiveRequest = {
      exchange,
      leader,
      ownResult: undefined,
      whenDelivered: undefined,
      guests: 0,
      fault,
      facts,
      receivedAt,
      leaveRuntime: runtime.enter(),
      shutDown: () => {
        entry.isShutDown = true;
        // Its exchange has ended, and its own client has not got everything: it gets no more.
        if (entry.whenDelivered !== undefined) {
          exchange.shutDown();
          return;
        }
        actor.send({ type: 'client.left', because: 'the balancer shut down' });
      },
      isShutDown: false,
      route: tiers[0]?.[0]?.route ?? '*',
      preferred: order[0]?.provider ?? '',
      isPinned,
      passedOver,
      running: undefined,
    };
    this.#live.set(id, entry);
    this.#options.slots.enter(id);
    this.#duplicates.list(identity, entry);
    const follower = this.#options.follower?.();
    const actor = startRoot(this.#logic, { clock, input, onFault: fault, follower }, (root) => {
      // What a listener of an actor throws would end the process.
      root.on('attempt.ended', ({ attempt }) => guarded(() => this.#attemptEnded(entry, attempt), fault));
      root.subscribe({
        complete: () => {
          const { output } = root.getSnapshot();
          if (output !== undefined) guarded(() => this.#finish(entry, output), fault);
        },
      });
    });
    const leave = (): void => {
      entry.ownResult = 'cancelled';
      client.abandon();
      exchange.leave(leader);
      entry.whenDelivered?.();
    };
    if (departure.aborted) leave();
    else departure.addEventListener('abort', leave, { once: true });
  }

  #attempt(input: AttemptInput, tell: (event: RequestEvent) => void): () => void {
    const entry = this.#live.get(input.requestId);
    if (entry === undefined) throw new Error(`request ${input.requestId} is not known`);
    entry.running = this.statistics(input.candidate.provider);
    entry.running.started();
    try {
      return entry.exchange.attempt(input, (event) => {
        if (event.type === 'attempt.committed') this.#order.answered(entry, input.candidate.provider);
        tell(event);
      });
    } catch (error) {
      entry.fault(error);
      return () => {};
    }
  }

  #wait({ requestId, room }: WatchInput, tell: (event: RequestEvent) => void): () => void {
    const leave = this.#waiting.add(() => tell({ type: 'providers.changed' }));
    const leaveLine = this.#options.slots.await(requestId, room, () => tell({ type: 'slot.free' }));
    return () => {
      leave();
      leaveLine();
    };
  }

  #attemptEnded(entry: LiveRequest, attempt: AttemptTrace): void {
    const { candidate, outcome, mode, startedAt, committedAt } = attempt;
    const time = committedAt === undefined ? undefined : committedAt - startedAt;
    this.statistics(candidate.provider).ended(outcome?.kind === 'success', time);
    entry.running = undefined;
    // A trial that ended without a visible change has its turn to give. An ordinary attempt has only its slot.
    if (mode !== 'normal') this.wake();
    // A long answer keeps the cache warm until its end.
    if (outcome?.kind === 'success') this.#order.answered(entry, candidate.provider);
    const failed = attemptFailed(entry.facts, attempt);
    if (failed !== undefined) this.#options.observe(failed);
  }

  #finish(entry: LiveRequest, output: RequestOutput): void {
    const { exchange, facts } = entry;
    if (entry.isShutDown) {
      exchange.shutDown();
      const result = entry.leader.client.firstContentAt === undefined ? 'exhausted' : 'broken';
      const ended = output.result === 'cancelled' && entry.ownResult !== 'cancelled';
      this.#ended(entry, output.trace, ended ? result : (entry.ownResult ?? output.result));
      return;
    }
    const unanswered = output.result === 'exhausted' || output.result === 'refused';
    if (facts.endpoint === 'count_tokens' && unanswered) {
      this.#countHere(entry, output.trace);
      return;
    }
    exchange.finish(output, ({ id, endpoint }) => exhaustedError(output, { id, endpoint }, this.#ports));
    const ended = (): void => this.#ended(entry, output.trace, entry.ownResult ?? output.result);
    if (exchange.has(entry.leader)) entry.whenDelivered = ended;
    else ended();
  }

  /** No provider counted: we do. Meanwhile its client may leave, and the balancer end. */
  #countHere(entry: LiveRequest, trace: RequestEnded['trace']): void {
    const ended = (): void => {
      const result = entry.isShutDown ? 'exhausted' : 'local';
      this.#ended(entry, trace, entry.ownResult ?? result);
    };
    entry.whenDelivered = ended;
    entry.exchange.answerWithCount(this.#options.countTokens, localCount).then(ended, entry.fault);
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
    const { exchange, facts, leader, leaveRuntime, receivedAt, guests } = entry;
    if (!this.#live.delete(facts.id)) return;
    leaveRuntime();
    this.#options.slots.leave(facts.id);
    const { status, error, firstContentAt } = leader.client;
    const endedAt = this.#options.clock.now();
    const end = { result, trace, status, error, receivedAt, firstContentAt, endedAt };
    const { observe } = this.#options;
    observe(requestEnded(facts, end));
    if (guests > 0) observe({ type: 'request.shared', request: facts, guests, bytes: exchange.view.bytes });
    this.#tellIfIdle();
  }

  #tellIfIdle(): void {
    if (this.inFlight() === 0) this.#options.idle();
  }
}

function guarded(act: () => void, fault: (error: unknown) => void): void {
  try {
    act();
  } catch (error) {
    fault(error);
  }
}
