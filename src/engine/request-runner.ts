import type { AttemptInput, RequestEvent, RequestPorts, WatchInput } from '../../machines/request-events.ts';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import { LiveTable } from '../domain/live-table.ts';
import type { RequestEnded } from '../telemetry/events.ts';
import type { InspectionSink } from '../telemetry/inspection-sink.ts';
import { type AdmissionOptions, type AdmittedRequest, admit } from './admission.ts';
import { type CandidateOrder, type CandidateOrderOptions, createCandidateOrder } from './candidate-order.ts';
import { ClientReply } from './client-reply.ts';
import { Duplicates } from './duplicates.ts';
import { inspectedRequest } from './inspected-request.ts';
import type { Answer, CacheStatus, ClientRequest, Departure } from './interface.ts';
import { LiveRequest, type LiveRequestOptions } from './live-request.ts';
import { identify, type RequestIdentified } from './request-identity.ts';
import { requestLogic } from './request-logic.ts';
import { requestEnded } from './request-reports.ts';
import type { Runtime } from './runtime.ts';
import type { Slots } from './slots.ts';
import type { Follower } from './start-root.ts';
import { createStatistics, type ProviderStatistics } from './statistics.ts';
import { swift } from './swift-chart.ts';
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

/** Runs requests. */
export interface RequestRunner {
  submit(request: ClientRequest, departure: Departure, answer: Answer): void;
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

export function createRequestRunner(options: RunnerOptions): RequestRunner {
  return new Runner(options);
}

/** The table of the running requests, and what they share. */
class Runner implements RequestRunner {
  readonly #options: RunnerOptions;
  readonly #order: CandidateOrder;
  readonly #statistics = createStatistics();
  readonly #live = new LiveTable<LiveRequest>();
  readonly #waiting = createWaitingRequests();
  readonly #duplicates: Duplicates;
  readonly #common: LiveRequestOptions;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#order = createCandidateOrder(options);
    const { clock, observe, redactor, adapters, buffers, countTokens, inspection, follower } = options;
    this.#duplicates = new Duplicates({
      clock,
      observe,
      redactor,
      cache: options.runtime().configuration.settings.cache,
      run: (admitted, identity, client, departure) => this.#run(admitted, identity, client, departure),
      ended: () => this.#tellIfIdle(),
    });
    let sequence = 0;
    const ports: Omit<RequestPorts, 'host'> = {
      now: options.clock.now,
      chance: options.random,
      nextSequence: () => ++sequence,
      provider: options.providerRef,
      slots: options.slots,
    };
    const bound = requestLogic({
      attempt: (input, tell) => this.#attempt(input, tell),
      abort: (id) => this.#live.get(id)?.exchange.abortAttempt(),
      healthWatch: (input, tell) => this.#wait(input, tell),
    });
    const logic = swift(bound, () => follower?.() !== undefined);
    this.#common = {
      clock,
      observe,
      redactor,
      adapters,
      buffers,
      countTokens,
      order: this.#order,
      statistics: this.#statistics,
      logic: inspection === undefined ? logic : inspectedRequest(logic, inspection),
      ports,
      inspection,
      follower,
      wake: () => this.wake(),
      ended: (request, end) => this.#ended(request, end),
    };
  }

  submit(request: ClientRequest, departure: Departure, answer: Answer): void {
    const admission = admit(request, this.#options.runtime(), this.#options);
    if (admission.kind === 'answered') {
      answer(admission.reply);
      return;
    }
    if (admission.kind === 'counted') {
      void admission.reply.then(answer);
      return;
    }
    const identity = identify(admission);
    const kept = this.#duplicates.kept(admission, identity);
    if (kept !== undefined) {
      answer(kept);
      return;
    }
    const client = this.#clientOf(admission, answer);
    if (!this.#duplicates.join(admission, identity, client, departure)) {
      this.#run(admission, identity, client, departure);
    }
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

  #clientOf({ request, header, facts, runtime }: AdmittedRequest, answer: Answer): ClientReply {
    return new ClientReply({
      answer,
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
    const { id, endpoint } = admitted.request;
    const plan = {
      admitted,
      ordered: this.#order.of(admitted),
      client,
      isShared: identity?.shares === true,
      store: this.#duplicates.keeper(identity, endpoint, admitted.walked.maxTokens),
    };
    const entry = new LiveRequest(plan, this.#common);
    this.#live.set(id, entry);
    this.#options.slots.enter(id);
    this.#duplicates.list(identity, entry);
    entry.start(departure);
  }

  #attempt(input: AttemptInput, tell: (event: RequestEvent) => void): void {
    const entry = this.#live.get(input.requestId);
    if (entry === undefined) throw new Error(`request ${input.requestId} is not known`);
    entry.attempt(input, tell);
  }

  #wait({ requestId, room }: WatchInput, tell: (event: RequestEvent) => void): () => void {
    const leave = this.#waiting.add(() => tell({ type: 'providers.changed' }));
    const leaveLine = this.#options.slots.await(requestId, room, () => tell({ type: 'slot.free' }));
    return () => {
      leave();
      leaveLine();
    };
  }

  #ended(entry: LiveRequest, { trace, result }: Pick<RequestEnded, 'trace' | 'result'>): void {
    const { exchange, facts, leader, receivedAt, guests } = entry;
    this.#live.delete(facts.id);
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
