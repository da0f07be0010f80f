import type { RequestRef, requestMachine } from '../../machines/request.ts';
import type {
  AttemptInput,
  RequestEvent,
  RequestInput,
  RequestOutput,
  RequestPorts,
} from '../../machines/request-events.ts';
import { settleAfterFault } from '../../machines/request-verdicts.ts';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import type { AttemptTrace } from '../domain/decision/trace.ts';
import type { Selection } from '../domain/routing/selection.ts';
import type { RequestEnded, RequestFacts } from '../telemetry/events.ts';
import type { InspectionSink } from '../telemetry/inspection-sink.ts';
import type { AdmissionOptions, AdmittedRequest } from './admission.ts';
import { type CandidateOrder, type ServedRequest, servedRequest } from './candidate-order.ts';
import type { ClientReply } from './client-reply.ts';
import type { Host } from './duplicates.ts';
import { Exchange, type ExchangeOptions } from './exchange.ts';
import { exhaustedError } from './final-error.ts';
import { budgetOf, leaderSeat } from './guest.ts';
import type { Departure } from './interface.ts';
import { localCount } from './local-replies.ts';
import { requestInput } from './request-input.ts';
import { attemptFailed, NO_TRACE, requestFault } from './request-reports.ts';
import type { Seat } from './seat.ts';
import { type Follower, startRoot } from './start-root.ts';
import type { ProviderStatistics, Statistics } from './statistics.ts';

/** What the requests of one engine have in common. */
export interface LiveRequestOptions
  extends Pick<AdmissionOptions, 'clock' | 'observe' | 'redactor' | 'countTokens' | 'adapters'> {
  readonly buffers: BufferBudget;
  readonly order: CandidateOrder;
  readonly statistics: Statistics;
  /** The chart, bound to its effects. */
  readonly logic: typeof requestMachine;
  readonly ports: Omit<RequestPorts, 'host'>;
  /** Told what requests do; undefined: the inspector is off. */
  readonly inspection?: InspectionSink | undefined;
  /** Who follows everything that actors do; undefined: nobody does now. */
  readonly follower?: (() => Follower | undefined) | undefined;
  /** Those who wait look again. */
  readonly wake: () => void;
  /** Called once for each. */
  readonly ended: (request: LiveRequest, end: Pick<RequestEnded, 'trace' | 'result'>) => void;
}

/** What one request begins with. */
export interface LiveRequestPlan extends Pick<ExchangeOptions, 'isShared' | 'store'> {
  readonly admitted: AdmittedRequest;
  readonly ordered: Selection;
  readonly client: ClientReply;
}

/** The life of one request: a root actor with an exchange beside it. Nothing here refers to its body. */
export class LiveRequest implements Host {
  readonly #options: LiveRequestOptions;
  readonly facts: RequestFacts;
  readonly receivedAt: number;
  readonly exchange: Exchange;
  /** The client that it began for. */
  readonly leader: Seat;
  guests = 0;
  readonly #served: ServedRequest;
  readonly #input: RequestInput;
  readonly #leaveRuntime: () => void;
  #actor: RequestRef | undefined;
  /** What came of its own client, where that is not what came of the exchange: it left, was left behind, or met a bug. */
  #ownResult: 'cancelled' | 'broken' | 'faulted' | undefined;
  /** The exchange has ended, and its own client has not got everything yet. */
  #whenDelivered: (() => void) | undefined;
  /** Where its running attempt is counted. */
  #running: ProviderStatistics | undefined;
  #isShutDown = false;
  #hasEnded = false;

  constructor({ admitted, ordered, client, isShared, store }: LiveRequestPlan, options: LiveRequestOptions) {
    // The closures below live as long as the request: none of them may hold `admitted`, and with it the body.
    const { request, walked, facts, runtime } = admitted;
    const { clock, buffers, redactor, adapters } = options;
    this.#options = options;
    this.facts = facts;
    this.receivedAt = request.receivedAt;
    this.leader = leaderSeat(admitted, client, (result) => {
      if (result === 'broken' || result === 'faulted') this.#ownResult = result;
      this.#whenDelivered?.();
    });
    const { stream, deadlineAt } = this.leader;
    const { order, reason } = ordered;
    this.#input = requestInput(facts, runtime, { order, reason, stream, deadlineAt }, options.ports);
    this.exchange = new Exchange(walked, {
      request,
      watch: options.inspection?.watch(request.id, {
        headers: request.headers,
        body: walked.bytes,
        redactor: redactor(),
        plan: {
          order,
          reason,
          policy: this.#input.policy,
          health: runtime.configuration.settings.resilience,
          deadlineAt: this.#input.deadlineAt,
        },
        hosts: runtime.hosts,
      }),
      stream,
      leader: this.leader,
      isShared,
      store,
      onAbandoned: () => this.#actor?.send({ type: 'client.left' }),
      onSeatFault: (error, { facts: { id: requestId } }) =>
        this.#options.observe(
          requestFault('The answer to one of several equal requests failed by a bug.', error, requestId),
        ),
      runtime,
      clock,
      buffers,
      adapters,
      redactor: redactor(),
      budgetMs: budgetOf(admitted),
      onFault: (error) => this.#faulted(error),
    });
    this.#leaveRuntime = runtime.enter();
    this.#served = servedRequest(admitted, ordered);
  }

  /** Starts its chart, which asks for an attempt at once: by then the request is to be found by its id. */
  start(departure: Departure): void {
    const { clock, logic, follower } = this.#options;
    const input = this.#input;
    const fault = (error: unknown): void => this.#faulted(error);
    startRoot(logic, { clock, input, onFault: fault, follower: follower?.() }, (root) => {
      this.#actor = root;
      // What a listener of an actor throws would end the process.
      root.on('attempt.ended', ({ attempt }) => guarded(() => this.#attemptEnded(attempt), fault));
      root.subscribe({
        complete: () => {
          const { output } = root.getSnapshot();
          if (output !== undefined) guarded(() => this.#finish(output), fault);
        },
      });
    });
    if (departure.aborted) this.#leave();
    else departure.addEventListener('abort', () => this.#leave(), { once: true });
  }

  /** Sends an attempt upstream for its chart. */
  attempt(input: AttemptInput, tell: (event: RequestEvent) => void): void {
    const { order, statistics } = this.#options;
    this.#running = statistics.of(input.candidate.provider);
    this.#running.started();
    try {
      this.exchange.attempt(input, (event) => {
        if (event.type === 'attempt.committed') order.answered(this.#served, input.candidate.provider);
        tell(event);
      });
    } catch (error) {
      this.#faulted(error);
    }
  }

  /** Ends it because the balancer does. */
  shutDown(): void {
    this.#isShutDown = true;
    // Its exchange has ended, and its own client has not got everything: it gets no more.
    if (this.#whenDelivered !== undefined) {
      this.exchange.shutDown();
      return;
    }
    this.#actor?.send({ type: 'client.left', because: 'the balancer shut down' });
  }

  /** Its own client has gone. */
  #leave(): void {
    this.#ownResult = 'cancelled';
    this.leader.client.abandon();
    this.exchange.leave(this.leader);
    this.#whenDelivered?.();
  }

  #attemptEnded(attempt: AttemptTrace): void {
    const { order, statistics, wake, observe } = this.#options;
    const { candidate, outcome, mode, startedAt, committedAt } = attempt;
    const time = committedAt === undefined ? undefined : committedAt - startedAt;
    statistics.of(candidate.provider).ended(outcome?.kind === 'success', time);
    this.#running = undefined;
    // A trial that ended without a visible change has its turn to give. An ordinary attempt has only its slot.
    if (mode !== 'normal') wake();
    // A long answer keeps the cache warm until its end.
    if (outcome?.kind === 'success') order.answered(this.#served, candidate.provider);
    const failed = attemptFailed(this.facts, attempt);
    if (failed !== undefined) observe(failed);
  }

  #finish(output: RequestOutput): void {
    const { exchange, facts } = this;
    if (this.#isShutDown) {
      exchange.shutDown();
      const result = this.leader.client.firstContentAt === undefined ? 'exhausted' : 'broken';
      const ended = output.result === 'cancelled' && this.#ownResult !== 'cancelled';
      this.#end(output.trace, ended ? result : (this.#ownResult ?? output.result));
      return;
    }
    const unanswered = output.result === 'exhausted' || output.result === 'refused';
    if (facts.endpoint === 'count_tokens' && unanswered) {
      this.#countHere(output.trace);
      return;
    }
    const { ports } = this.#options;
    exchange.finish(output, ({ id, endpoint }) => exhaustedError(output, { id, endpoint }, ports));
    const ended = (): void => this.#end(output.trace, this.#ownResult ?? output.result);
    if (exchange.has(this.leader)) this.#whenDelivered = ended;
    else ended();
  }

  /** No provider counted: we do. Meanwhile its client may leave, and the balancer end. */
  #countHere(trace: RequestEnded['trace']): void {
    const ended = (): void => {
      const result = this.#isShutDown ? 'exhausted' : 'local';
      this.#end(trace, this.#ownResult ?? result);
    };
    this.#whenDelivered = ended;
    const counted = this.exchange.answerWithCount(this.#options.countTokens, localCount);
    counted.then(ended, (error) => this.#faulted(error));
  }

  /** A bug of ours: the client gets a 500, the providers what they are owed, and the log the reason. */
  #faulted(error: unknown): void {
    const { observe, wake } = this.#options;
    observe(requestFault('A request failed by a bug.', error, this.facts.id));
    if (this.#hasEnded) return;
    this.exchange.fault();
    this.#running?.ended(false);
    // Not before the failing actor has come to rest.
    queueMicrotask(() => {
      const actor = this.#actor;
      if (actor !== undefined) {
        actor.stop();
        settleAfterFault(actor.getSnapshot().context);
      }
      wake();
    });
    this.#end(NO_TRACE, 'faulted');
  }

  #end(trace: RequestEnded['trace'], result: RequestEnded['result']): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#leaveRuntime();
    this.#options.ended(this, { trace, result });
  }
}

function guarded(act: () => void, fault: (error: unknown) => void): void {
  try {
    act();
  } catch (error) {
    fault(error);
  }
}
