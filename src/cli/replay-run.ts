import { type Actor, createActor } from 'xstate';
import { type ProviderRef, providerMachine } from '../../machines/provider.ts';
import type { requestMachine } from '../../machines/request.ts';
import type { AttemptInput, RequestEvent, RequestPorts } from '../../machines/request-events.ts';
import type { AttemptTrace, DecisionTrace } from '../domain/decision/trace.ts';
import type { Success } from '../domain/failures/outcome.ts';
import type { Full } from '../domain/health/availability.ts';
import type { AttemptRecord, RequestPlanRecord, TraceFile } from '../domain/inspection/inspection.ts';
import { requestLogic } from '../engine/request-logic.ts';
import { createReplayClock, type ReplayClock } from './replay-clock.ts';
import { healthAsSeen, seenDisabled } from './replay-standing.ts';

/** What a replay came to. */
export interface Replayed {
  readonly result: string;
  readonly decisions: readonly DecisionTrace[];
  readonly attempts: readonly AttemptTrace[];
  /** Providers that the trace says nothing of, taken to have answered. */
  readonly assumed: readonly string[];
}

const SUCCESS: Success = { kind: 'success' };
/** An answer that nobody has seen begins and ends so soon, ms. */
const ASSUMED_START_MS = 1_000;
const ASSUMED_END_MS = 5_000;
/** More steps than a request can have. */
const MAX_STEPS = 100_000;

/**
 * Runs a trace through the charts in simulated time. Attempts end as they did then. As it was (`plan` is the trace's own):
 * each decision finds the candidates as it found them then. Otherwise they begin so, and go on by the rules of `plan`.
 */
export function replayTrace(trace: TraceFile, plan: RequestPlanRecord): Replayed {
  return new Replay(trace, plan).run();
}

class Replay {
  readonly #trace: TraceFile;
  readonly #plan: RequestPlanRecord;
  readonly #asItWas: boolean;
  readonly #clock: ReplayClock;
  readonly #providers = new Map<string, ProviderRef>();
  readonly #used = new Set<AttemptRecord>();
  readonly #assumed = new Set<string>();
  readonly #waiting = new Set<() => void>();
  /** What the attempt that runs has still to tell. */
  readonly #timers: unknown[] = [];
  /** The recorded decision that comes next, or has just come. */
  #cursor = 0;
  #sequence = 0;

  constructor(trace: TraceFile, plan: RequestPlanRecord) {
    this.#trace = trace;
    this.#plan = plan;
    this.#asItWas = plan === trace.plan;
    this.#clock = createReplayClock(trace.decisions[0]?.at ?? trace.summary.receivedAt);
  }

  run(): Replayed {
    const { order, reason, policy, deadlineAt, hosts } = this.#plan;
    const ports: RequestPorts = {
      now: this.#clock.now,
      chance: () => 0.5,
      nextSequence: () => ++this.#sequence,
      provider: (id) => this.#provider(id),
      host: (id) => hosts[id] ?? id,
      slots: { full: (id) => this.#full(id), take: ignore, free: ignore },
    };
    const actor: Actor<typeof requestMachine> = createActor(
      requestLogic({
        attempt: (input, tell) => this.#attempt(input, tell, () => actor),
        abort: () => this.#abort(),
        healthWatch: (_input, tell) => this.#wait(tell, () => actor),
      }),
      {
        clock: this.#clock,
        input: {
          id: this.#trace.summary.id,
          endpoint: this.#trace.summary.endpoint,
          order,
          reason,
          policy,
          deadlineAt,
          ports,
        },
      },
    );
    this.#aim(0);
    actor.start();
    for (let step = 0; step < MAX_STEPS && actor.getSnapshot().status === 'active'; step += 1) {
      if (!this.#clock.step()) break;
    }
    const { output, context, value } = actor.getSnapshot();
    for (const provider of this.#providers.values()) (provider as Actor<typeof providerMachine>).stop();
    return {
      result: output?.result ?? String(value),
      decisions: context.decisions,
      attempts: context.attempts,
      assumed: [...this.#assumed],
    };
  }

  /** The recorded decision that led to the attempt after `ended` others: before it all have seen the same. */
  #aim(ended: number): void {
    const { decisions } = this.#trace;
    let tries = 0;
    const found = decisions.findIndex(({ verdict }) => {
      if (verdict === 'try') tries += 1;
      return verdict === 'try' ? tries > ended : verdict === 'wait' && tries >= ended;
    });
    this.#cursor = found === -1 ? decisions.length - 1 : Math.max(this.#cursor, found);
  }

  #provider(id: string): ProviderRef | undefined {
    const known = this.#providers.get(id) ?? this.#start(id);
    if (!this.#asItWas) return known;
    const decision = this.#trace.decisions[this.#cursor];
    if (decision === undefined) return known;
    const snapshot = known.getSnapshot();
    const health = healthAsSeen(id, decision.considered, this.#clock.now(), this.#plan.health);
    const seen = Object.assign(Object.create(snapshot), {
      context: { ...snapshot.context, health, disabledByHand: seenDisabled(id, decision.considered) },
    }) as typeof snapshot;
    // What the request tells goes to the chart itself; what it sees is what it saw.
    return new Proxy(known, {
      get: (target, key) => (key === 'getSnapshot' ? () => seen : Reflect.get(target, key, target)),
    });
  }

  #start(id: string): ProviderRef {
    const considered = this.#trace.decisions[0]?.considered ?? [];
    const at = this.#clock.now();
    const disabledByHand = seenDisabled(id, considered);
    const health = healthAsSeen(id, considered, at, this.#plan.health);
    const actor = createActor(providerMachine, {
      clock: this.#clock,
      input: { id, enabled: true, disabledByHand, policy: this.#plan.health, at, health },
    });
    actor.on('health.changed', () => {
      if (!this.#asItWas) for (const wake of this.#waiting) wake();
    });
    const ref = actor.start();
    this.#providers.set(id, ref);
    return ref;
  }

  #full(id: string): Full | undefined {
    const decision = this.#trace.decisions[this.#asItWas ? this.#cursor : 0];
    const found = decision?.considered.find(({ candidate }) => candidate.provider === id)?.availability;
    // What another configuration would have in flight, nobody knows: room is taken as given.
    if (!this.#asItWas || found === undefined) return undefined;
    if (found.kind === 'full') return found;
    return 'full' in found ? found.full : undefined;
  }

  #attempt(input: AttemptInput, tell: (event: RequestEvent) => void, actor: () => Sender): void {
    const clock = this.#clock;
    const played = this.#recorded(input);
    const startMs = played === undefined ? ASSUMED_START_MS : msUntil(played, played.committedAt);
    const endMs = played === undefined ? ASSUMED_END_MS : (msUntil(played, played.endedAt) ?? ASSUMED_END_MS);
    const outcome = played?.outcome ?? SUCCESS;
    const begins = startMs === undefined && outcome.kind === 'success' ? endMs : startMs;
    const later = (ms: number, act: () => void): void => {
      this.#timers.push(clock.setTimeout(act, ms));
    };
    if (begins !== undefined) later(begins, () => tell({ type: 'attempt.committed' }));
    later(endMs, () => {
      this.#aim(input.number);
      if (outcome.kind === 'client_left') actor().send({ type: 'client.left' });
      else tell({ type: 'attempt.settled', outcome });
    });
  }

  #abort(): void {
    for (const timer of this.#timers.splice(0)) this.#clock.clearTimeout(timer);
  }

  #recorded({ number, candidate }: AttemptInput): AttemptRecord | undefined {
    const { attempts } = this.#trace;
    const there = attempts.filter((attempt) => attempt.candidate.provider === candidate.provider);
    const same = attempts.find((attempt) => attempt.number === number && there.includes(attempt));
    const found =
      (this.#asItWas ? same : undefined) ?? there.find((attempt) => !this.#used.has(attempt)) ?? there.at(-1);
    if (found === undefined) this.#assumed.add(candidate.provider);
    else this.#used.add(found);
    return found;
  }

  /** A wait ends by its own timer, or when somebody's health changes: then at the time at which it did. */
  #wait(tell: (event: RequestEvent) => void, actor: () => Sender): () => void {
    const { decisions, summary } = this.#trace;
    const wake = (): void => tell({ type: 'providers.changed' });
    this.#waiting.add(wake);
    const next = this.#asItWas ? decisions[this.#cursor + 1] : undefined;
    const timers: unknown[] = [];
    if (this.#asItWas && next !== undefined) {
      this.#cursor += 1;
      // A new round begins by the timer, and by nothing else.
      const isWoken = next.round === decisions[this.#cursor - 1]?.round;
      if (isWoken) timers.push(this.#clock.setTimeout(wake, next.at - this.#clock.now()));
    } else if (this.#asItWas && summary.result === 'cancelled') {
      const leftAt = summary.receivedAt + (summary.durationMs ?? 0);
      const leave = (): void => actor().send({ type: 'client.left' });
      timers.push(this.#clock.setTimeout(leave, leftAt - this.#clock.now()));
    }
    return () => {
      this.#waiting.delete(wake);
      for (const timer of timers) this.#clock.clearTimeout(timer);
    };
  }
}

interface Sender {
  send(event: RequestEvent): void;
}

function msUntil({ startedAt }: AttemptRecord, at: number | undefined): number | undefined {
  return at === undefined ? undefined : Math.max(0, at - startedAt);
}

function ignore(): void {}
