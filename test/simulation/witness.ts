import type { ProviderRef } from '../../machines/provider.ts';
import type { AttemptCommitted, AttemptSettled, AttemptStarted } from '../../machines/provider-events.ts';
import type { HealthRecord } from '../../src/domain/health/health.ts';
import type { AttemptTarget } from '../../src/domain/health/provider-health.ts';
import type { Clock } from '../../src/domain/time.ts';
import type { BalancerEvent, RequestEnded } from '../../src/telemetry/events.ts';
import type { ProviderEar } from './actor-probe.ts';
import { modelOf, type PlannedRequest } from './plan.ts';
import { SessionHomes } from './session-homes.ts';

/** What must hold, whatever happens. Each has its sentence in docs/simulation.md. */
export const INVARIANTS = [
  'spliced',
  'whole',
  'cooled',
  'verdict',
  'lost',
  'attempts',
  'time',
  'hold',
  'room',
  'trial',
  'affinity',
  'memory',
  'credential',
  'fault',
] as const;
export type Invariant = (typeof INVARIANTS)[number];

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
  /** Simulated ms since the beginning. */
  readonly at: number;
}

/** What holds in a run, for all its requests. */
export interface Facts {
  readonly holdMs: number;
  readonly maxAttempts: number;
  readonly streamBudgetMs: number;
  /** 0 where sessions stay nowhere for sure: without affinity, or where their provider may be passed over as full. */
  readonly stickyMs: number;
}

/** A limit on messages at one time; the file in force says. */
export type LimitOf = (provider: string) => number | undefined;

/** An attempt that its provider has been told of. */
interface SeenAttempt {
  readonly provider: string;
  readonly event: AttemptStarted;
  settled: AttemptSettled | undefined;
  /** A trial whose first content has not come, at the provider as it was known then. */
  isTrying: boolean;
}

/** One request as it is followed. */
export interface Followed {
  readonly id: string;
  readonly planned: PlannedRequest;
  readonly receivedAt: number;
  /** Those who may serve it: the providers of the file that it began with. */
  readonly candidates: readonly string[];
  readonly attempts: SeenAttempt[];
  /** Where its session belongs, if that one could take it when it came. */
  readonly home: string | undefined;
  ended: RequestEnded | undefined;
}

/** A body of whole messages takes so long at most where the client does not say, ms (docs/failures.md, less its margin). */
const WHOLE_BUDGET_MS = 580_000;
const COUNT_BUDGET_MS = 30_000;

/**
 * Watches a run from outside and says what should not have been. It has books of its own: of what the balancer decides by
 * it reads the providers' records alone, and judges them in its own words.
 */
export class Witness implements ProviderEar {
  violation: Violation | undefined;
  readonly requests = new Map<string, Followed>();
  readonly homes = new SessionHomes();
  /** The newest actor of each provider. */
  readonly #refs = new Map<string, ProviderRef>();
  readonly #limit: LimitOf;
  readonly #clock: Clock;
  readonly #facts: Facts;
  readonly #startedAt: number;
  readonly #open = new Map<string, Set<SeenAttempt>>();

  constructor(clock: Clock, facts: Facts, limit: LimitOf) {
    this.#clock = clock;
    this.#facts = facts;
    this.#limit = limit;
    this.#startedAt = clock.now();
  }

  /** The first violation counts. */
  say(invariant: Invariant, what: string): void {
    this.violation ??= { invariant, what, at: this.#clock.now() - this.#startedAt };
  }

  born(provider: string, ref: ProviderRef): void {
    this.#refs.set(provider, ref);
  }

  submitted(planned: PlannedRequest, candidates: readonly string[]): Followed {
    this.homes.began(planned.session);
    const followed: Followed = {
      home: this.#homeOf(planned, candidates),
      id: `q${planned.number}`,
      planned,
      receivedAt: this.#clock.now(),
      candidates,
      attempts: [],
      ended: undefined,
    };
    this.requests.set(followed.id, followed);
    return followed;
  }

  started(provider: string, ref: ProviderRef, event: AttemptStarted): void {
    const request = this.requests.get(event.attemptId.split('#')[0] ?? '');
    if (request === undefined) {
      this.say('verdict', `an attempt of nobody's: ${event.attemptId}`);
      return;
    }
    const attempt: SeenAttempt = { provider, event, settled: undefined, isTrying: event.mode === 'trial' };
    const isRepeat = repeats(request.attempts.at(-1), attempt);
    if (request.attempts.some(({ event: { attemptId } }) => attemptId === event.attemptId))
      this.say('verdict', `${event.attemptId} began twice`);
    this.#checkRoom(request, attempt);
    if (!isRepeat) {
      this.#checkHealth(request, attempt, ref);
      this.#checkTrial(attempt);
    }
    if (request.attempts.length === 0) this.#checkAffinity(request, attempt);
    request.attempts.push(attempt);
    this.homes.tried(request.planned.session, provider, event.at);
    const open = this.#open.get(provider) ?? new Set();
    this.#open.set(provider, open.add(attempt));
  }

  committed(provider: string, { attemptId }: AttemptCommitted): void {
    for (const attempt of this.#open.get(provider) ?? [])
      if (attempt.event.attemptId === attemptId) attempt.isTrying = false;
  }

  /** What was known of a provider may be forgotten now, its running trial included. */
  forgotten(provider: string): void {
    for (const attempt of this.#open.get(provider) ?? []) attempt.isTrying = false;
  }

  settled(provider: string, _ref: ProviderRef, event: AttemptSettled): void {
    const request = this.requests.get(event.requestId);
    const attempt = request?.attempts.find((one) => one.event.attemptId === event.attemptId);
    if (request === undefined || attempt === undefined || attempt.provider !== provider) {
      this.say('verdict', `${event.attemptId} has a verdict at ${provider}, where it never began`);
      return;
    }
    if (attempt.settled !== undefined) this.say('verdict', `${event.attemptId} has two verdicts`);
    attempt.settled = event;
    this.#open.get(provider)?.delete(attempt);
    // A younger one has decided: a trial that still hangs has lost its say.
    for (const older of this.#open.get(provider) ?? [])
      if (older.event.sequence < event.sequence) older.isTrying = false;
    if (event.outcome.kind === 'balancer_fault') this.say('fault', `${event.attemptId}: the balancer failed`);
    if (event.outcome.kind === 'success' && event.target.endpoint === 'messages')
      this.homes.served(request.planned.session, provider, this.#clock.now());
  }

  after(provider: string, ref: ProviderRef): void {
    const { pairs } = ref.getSnapshot().context.health;
    if (pairs.size > 256) this.say('memory', `${provider} remembers ${pairs.size} models`);
  }

  observe(event: BalancerEvent): void {
    if (event.type === 'fault')
      this.say('fault', `${event.message} ${event.error instanceof Error ? event.error.stack : ''}`);
    if (event.type === 'request.ended') this.#ended(event);
  }

  /** The answer of a request has begun, or its final error. */
  answered(request: Followed, at: number, isGuest: boolean): void {
    const { stream, endpoint } = request.planned;
    if (isGuest && !stream) return;
    const wholeMs = endpoint === 'count_tokens' ? COUNT_BUDGET_MS : WHOLE_BUDGET_MS;
    const budgetMs = stream ? this.#facts.streamBudgetMs : wholeMs;
    const tookMs = at - request.receivedAt;
    if (tookMs > budgetMs) this.say('time', `${request.id} had ${budgetMs} ms and took ${tookMs} ms`);
  }

  /** Nothing moves any more. */
  atRest(): void {
    for (const { id, ended, attempts } of this.requests.values()) {
      if (ended === undefined) this.say('lost', `${id} never ended`);
      for (const { event, settled } of attempts)
        if (settled === undefined) this.say('verdict', `${event.attemptId} has no verdict`);
    }
  }

  #ended(event: RequestEnded): void {
    const request = this.requests.get(event.request.id);
    if (request === undefined || request.ended !== undefined) {
      this.say('lost', `${event.request.id} ended twice, or never began`);
      return;
    }
    request.ended = event;
    this.homes.ended(request.planned.session, event.result);
    for (const { event: begun, settled } of request.attempts)
      if (settled === undefined && event.result !== 'faulted')
        this.say('verdict', `${request.id} ended, and ${begun.attemptId} has no verdict`);
    const { attempts, waitedMs = 0 } = event.trace;
    const later = attempts.filter(({ round, repair, without }) => round > 1 && !repair && !without).length;
    if (later > this.#facts.maxAttempts) this.say('attempts', `${request.id} made ${later} later attempts`);
    if (waitedMs > this.#facts.holdMs) this.say('hold', `${request.id} was held for ${waitedMs} ms`);
    // Who joined another one shares its time too.
    if (event.result === 'exhausted' && event.joined === undefined) this.#checkLost(request);
  }

  /** Given up while somebody who is well was never asked. */
  #checkLost(request: Followed): void {
    const target = this.#targetOf(request);
    if (this.#clock.now() - request.receivedAt >= this.#budgetOf(request)) return;
    const spared = request.candidates.find(
      (name) => this.#isFree(name, target) && !request.attempts.some(({ provider }) => provider === name),
    );
    if (spared !== undefined) this.say('lost', `${request.id} was given up, and ${spared} was never asked`);
  }

  #checkHealth(request: Followed, attempt: SeenAttempt, ref: ProviderRef): void {
    const { provider, event } = attempt;
    const { target, mode, attemptId } = event;
    const now = this.#clock.now();
    const records = recordsOf(ref, target);
    const cools = records.some((record) => isCooling(record, now));
    if (mode === 'normal') {
      const cause = cools ? 'cools' : records.some(isOnTrial) ? 'is on trial' : undefined;
      if (cause !== undefined)
        this.say('cooled', `${attemptId} went to ${provider} as usual, which ${cause}`);
    }
    if (!cools && mode !== 'desperate') return;
    const better = request.candidates.find(
      (name) =>
        name !== provider &&
        this.#isFree(name, target) &&
        !request.attempts.some((one) => one.provider === name),
    );
    if (better !== undefined)
      this.say('cooled', `${attemptId} went to ${provider}, which cools, and ${better} is well`);
  }

  /** One request tries a provider after its cooldown, or while everyone cools. */
  #checkTrial(attempt: SeenAttempt): void {
    const { provider, event } = attempt;
    if (event.mode !== 'trial') return;
    const other = [...(this.#open.get(provider) ?? [])].find(
      (one) => one.isTrying && one.event.target.model === event.target.model,
    );
    if (other !== undefined)
      this.say('trial', `${event.attemptId} tries ${provider} while ${other.event.attemptId} does`);
  }

  #checkRoom(request: Followed, attempt: SeenAttempt): void {
    const { provider, event } = attempt;
    const limit = this.#limit(provider);
    if (limit === undefined || event.target.endpoint !== 'messages') return;
    // One whose verdict waits for the rest of its round is over, as its request goes on.
    const running = [...(this.#open.get(provider) ?? [])].filter((one) => {
      const owner = this.requests.get(one.event.attemptId.split('#')[0] ?? '');
      return one.event.target.endpoint === 'messages' && owner !== request && owner?.attempts.at(-1) === one;
    });
    if (running.length >= limit)
      this.say('room', `${event.attemptId} goes to ${provider}, which has ${running.length} of ${limit}`);
  }

  /** Its order is settled when it comes: who returns later is no longer preferred to those before it. */
  #homeOf(planned: PlannedRequest, candidates: readonly string[]): string | undefined {
    const { stickyMs } = this.#facts;
    if (stickyMs === 0 || planned.endpoint !== 'messages') return undefined;
    const home = this.homes.of(planned.session, this.#clock.now(), stickyMs);
    if (home === undefined || !candidates.includes(home)) return undefined;
    return this.#isFree(home, { model: modelOf(planned), endpoint: 'messages' }) ? home : undefined;
  }

  #checkAffinity({ id, home, planned: { session } }: Followed, attempt: SeenAttempt): void {
    if (home === undefined || home === attempt.provider) return;
    if (this.#isFree(home, attempt.event.target))
      this.say('affinity', `${id} of ${session} went to ${attempt.provider}, and belongs to ${home}`);
  }

  /** Whether it could take a request at this moment, without any doubt. */
  #isFree(provider: string, target: AttemptTarget): boolean {
    const ref = this.#refs.get(provider);
    if (ref === undefined || this.#limit(provider) !== undefined) return false;
    const snapshot = ref.getSnapshot();
    const { enabled, disabledByHand } = snapshot.context;
    if (!enabled || disabledByHand || snapshot.hasTag('leaving')) return false;
    return recordsOf(ref, target).every(({ cooling, trial }) =>
      trial === undefined ? cooling === undefined : trial.committed,
    );
  }

  #targetOf({ planned }: Followed): AttemptTarget {
    return { model: modelOf(planned), endpoint: planned.endpoint };
  }

  #budgetOf({ planned: { stream, endpoint } }: Followed): number {
    if (stream) return this.#facts.streamBudgetMs;
    return endpoint === 'count_tokens' ? COUNT_BUDGET_MS : WHOLE_BUDGET_MS;
  }
}

/** The same candidate once more, repaired: that is part of the attempt before, whatever its health has become. */
function repeats(before: SeenAttempt | undefined, attempt: SeenAttempt): boolean {
  const outcome = before?.settled?.outcome;
  if (before?.provider !== attempt.provider || outcome === undefined || outcome.kind === 'success')
    return false;
  return (
    outcome.kind === 'reset_reused' ||
    outcome.kind === 'foreign_signature' ||
    (outcome.unknownParts ?? []).length > 0
  );
}

/** Everything that is known of a provider for such a request. */
function recordsOf(
  ref: ProviderRef | undefined,
  { model, endpoint }: AttemptTarget,
): readonly HealthRecord[] {
  const health = ref?.getSnapshot().context.health;
  if (health === undefined) return [];
  const { provider, pairs, endpoints } = health;
  const side = endpoint === 'messages' ? undefined : endpoints.get(endpoint);
  return [provider, pairs.get(model), side].filter((record) => record !== undefined);
}

function isCooling({ cooling, trial }: HealthRecord, now: number): boolean {
  return cooling !== undefined && cooling.until > now && trial?.committed !== true;
}

function isOnTrial({ cooling, trial }: HealthRecord): boolean {
  return trial === undefined ? cooling !== undefined : !trial.committed;
}
