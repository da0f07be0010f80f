import { createBufferBudget } from '../../src/domain/buffer-budget.ts';
import type { RunningEngine } from '../../src/engine/engine.ts';
import type { ClientRequest } from '../../src/engine/interface.ts';
import { closeless, openedEngine } from '../support/opened-engine.ts';
import { listenToProviders } from './actor-probe.ts';
import { seeded, seedOf } from './chance.ts';
import { SimulatedClient } from './client.ts';
import { configurationOf, keyOf, type World, worldOf } from './configuration.ts';
import { Departure } from './departure.ts';
import { HeapClock } from './heap-clock.ts';
import { SimulatedNetwork } from './network.ts';
import { modelOf, type Plan, type PlannedRequest, type Step } from './plan.ts';
import { type Followed, type Violation, Witness } from './witness.ts';

/** What came of a run. */
export interface Outcome {
  readonly violation: Violation | undefined;
  readonly requests: number;
  readonly attempts: number;
  /** How requests ended, by result. */
  readonly results: Readonly<Record<string, number>>;
  /** Simulated ms. */
  readonly lastedMs: number;
  /** What happened, a line each; empty unless it was asked for. */
  readonly trace: readonly string[];
}

const BUFFERED_BYTES = 64 * 1024 * 1024;
/** A run that has not come to rest so long after its last step never will: longer than any cooldown, and any budget. ms */
const LONGEST_REST_MS = 7_200_000;
/** Timers that a request may have set at one time: its own, its attempt's, its exchange's, its client's. */
const TIMERS_EACH = 10;

/** Plays a plan: the whole engine, with a played network before a clock of its own. The first violation ends it. */
export async function play(plan: Plan, records = false): Promise<Outcome> {
  const run = new Run(plan, records);
  const stopListening = listenToProviders(run.witness);
  try {
    return await run.toItsEnd();
  } finally {
    stopListening();
  }
}

class Run {
  readonly witness: Witness;
  readonly #plan: Plan;
  readonly #clock = new HeapClock();
  readonly #startedAt = this.#clock.now();
  readonly #network: SimulatedNetwork;
  readonly #trace: string[] | undefined;
  readonly #budget = createBufferBudget(() => BUFFERED_BYTES);
  readonly #results: Record<string, number> = {};
  readonly #isDirect: boolean;
  #world: World;
  #attempts = 0;
  /** Clients that have not got the end of their answers. */
  #reading = 0;

  constructor(plan: Plan, records: boolean) {
    this.#plan = plan;
    this.#trace = records ? [] : undefined;
    this.#world = worldOf(plan);
    this.#isDirect = plan.providers.some(({ entry }) => entry.streaming_mode === 'direct');
    const { resilience, stickyProviderDurationMs } = this.#world.configuration.settings;
    const facts = {
      holdMs: resilience.holdWhileCoolingMs,
      maxAttempts: resilience.maxAttempts,
      streamBudgetMs: resilience.requestBudgetMs,
      stickyMs: this.#world.limits.size === 0 ? stickyProviderDurationMs : 0,
    };
    this.witness = new Witness(this.#clock, facts, (provider) => this.#world.limits.get(provider));
    this.#network = new SimulatedNetwork(this.#clock, plan.seed, {
      sent: (provider, label, fate, key) => {
        this.#attempts += 1;
        this.#note(() => `${label} is asked: ${fate}`);
        if (key === undefined || !key.startsWith(keyOf(provider, '')))
          this.witness.say('credential', `${provider} got the key ${key}`);
      },
    });
  }

  async toItsEnd(): Promise<Outcome> {
    const { witness } = this;
    const engine = await openedEngine({
      configuration: this.#world.configuration,
      openTransport: () => closeless(this.#network.transport),
      clock: this.#clock,
      random: seeded(seedOf(this.#plan.seed, 'engine')),
      observe: (event) => {
        witness.observe(event);
        if (event.type === 'request.ended')
          this.#results[event.result] = (this.#results[event.result] ?? 0) + 1;
        this.#note(() => told(event));
      },
      buffers: this.#budget,
    });
    for (const step of this.#plan.steps) this.#clock.setTimeout(() => this.#perform(step, engine), step.at);
    await this.#turns();
    if (witness.violation === undefined) this.#atRest(engine);
    await engine.stop();
    return {
      violation: witness.violation,
      requests: witness.requests.size,
      attempts: this.#attempts,
      results: this.#results,
      lastedMs: this.#clock.now() - this.#startedAt,
      trace: this.#trace ?? [],
    };
  }

  /** From timer to timer, until none is left; after each, everything that follows from it. */
  async #turns(): Promise<void> {
    const { witness } = this;
    const steps = this.#plan.steps.length;
    const actors = 2 * this.#plan.providers.length;
    const endsAt = this.#startedAt + (this.#plan.steps.at(-1)?.at ?? 0) + LONGEST_REST_MS;
    while (this.#clock.fireNext()) {
      await new Promise((resolve) => setImmediate(resolve));
      if (witness.violation !== undefined) return;
      if (this.#clock.now() > endsAt) witness.say('lost', 'it never comes to rest');
      const allowed = steps + actors + TIMERS_EACH * (this.#reading + this.#network.open);
      if (this.#clock.pending > allowed)
        witness.say('memory', `${this.#clock.pending} timers wait, where ${allowed} would be many`);
    }
  }

  #atRest(engine: RunningEngine): void {
    const { witness } = this;
    witness.atRest();
    const { inFlight, bufferedBytes, providers } = engine.status();
    if (inFlight > 0) witness.say('lost', `${inFlight} requests are still under way`);
    if (this.#reading > 0) witness.say('lost', `${this.#reading} clients never got an end`);
    if (bufferedBytes > 0) witness.say('memory', `${bufferedBytes} bytes are still booked`);
    if (this.#network.open > 0) witness.say('memory', `${this.#network.open} exchanges are still open`);
    const { broadcasts } = engine.cache();
    if (broadcasts.length > 0) witness.say('memory', `${broadcasts.length} broadcasts are still listed`);
    for (const { id, slots, requests } of providers) {
      if (slots.inFlight + slots.waiting > 0) witness.say('room', `${id} still has slots taken`);
      if (requests.inFlight > 0) witness.say('verdict', `${id} still counts ${requests.inFlight} attempts`);
      if (requests.attempts !== requests.successes + requests.failures)
        witness.say('verdict', `${id} counts ${requests.attempts} attempts, but not as many ends`);
    }
  }

  #perform(step: Step, engine: RunningEngine): void {
    this.#note(() => `· ${stepLine(step)}`);
    switch (step.kind) {
      case 'request':
        this.#submit(step, engine);
        break;
      case 'weather':
        this.#network.weather.set(step.provider, step.weather);
        break;
      case 'reload': {
        const next = configurationOf(this.#plan, step);
        if (next === undefined) break;
        this.#world = next;
        for (const { name } of this.#plan.providers) this.witness.forgotten(name);
        engine.reload(next.configuration);
        break;
      }
      case 'operator':
        this.witness.forgotten(step.provider);
        engine.operate(step.provider, step.action);
        break;
      case 'cleanup':
        engine.cleanup(step.force);
        if (step.force) this.witness.homes.forgetAll();
    }
  }

  #submit(planned: PlannedRequest, engine: RunningEngine): void {
    const request = this.witness.submitted(planned, this.#world.serving);
    const body = Buffer.from(bodyOf(planned));
    this.#budget.acquire(body.length);
    this.#reading += 1;
    const departure = new Departure();
    const over = (): void => {
      this.#reading -= 1;
    };
    const client = new SimulatedClient(
      this.#clock,
      { readsForMs: planned.readsForMs ?? 0, takesPings: this.#isDirect },
      (invariant, what) => this.witness.say(invariant, `${request.id}: ${what}`),
      () => {
        this.#note(() => `${request.id} got ${client.status}, ${client.ending}`);
        this.#answered(request, client);
        if (!departure.aborted) over();
      },
    );
    try {
      engine.submit(
        clientRequest(request, body, () => this.#budget.release(body.length)),
        departure,
        (reply) => client.take(reply),
      );
    } catch (error) {
      this.witness.say('fault', String(error));
    }
    if (planned.leavesAfterMs === undefined) return;
    this.#clock.setTimeout(() => {
      if (client.ending !== undefined) return;
      this.#note(() => `${request.id} leaves`);
      over();
      departure.leave();
    }, planned.leavesAfterMs);
  }

  #answered(request: Followed, client: SimulatedClient): void {
    const isGuest = request.attempts.length === 0;
    if (client.answeredAt !== undefined) this.witness.answered(request, client.answeredAt, isGuest);
  }

  #note(line: () => string): void {
    this.#trace?.push(`${String(this.#clock.now() - this.#startedAt).padStart(8)} ms  ${line()}`);
  }
}

function clientRequest(
  { id, planned, receivedAt }: Followed,
  body: Buffer,
  release: () => void,
): ClientRequest {
  const { session, endpoint, isClaudeCode } = planned;
  return {
    id,
    endpoint,
    path: endpoint === 'messages' ? '/v1/messages' : '/v1/messages/count_tokens',
    headers: [
      'x-api-key',
      'key-of-the-client',
      'user-agent',
      isClaudeCode ? 'claude-cli/2.1.0' : 'curl/8',
      ...(session === undefined ? [] : ['x-claude-code-session-id', session]),
    ],
    caller: '',
    body,
    releaseBody: release,
    receivedAt,
  };
}

function bodyOf(planned: PlannedRequest): string {
  const thinking = { type: 'thinking', thinking: 'hm', signature: 's' };
  return JSON.stringify({
    model: modelOf(planned),
    number: planned.body,
    stream: planned.stream,
    max_tokens: 100,
    context_management: {},
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [thinking, { type: 'text', text: 'b' }] },
      { role: 'user', content: 'c' },
    ],
  });
}

function told(event: Parameters<Witness['observe']>[0]): string {
  switch (event.type) {
    case 'request.attempt_failed': {
      const { request, attempt, provider, failure } = event;
      return `${request.id}#${attempt} at ${provider}: ${failure.kind}`;
    }
    case 'request.ended':
      return `${event.request.id} ended: ${event.result} ${event.status} ${event.provider ?? ''}`;
    case 'request.joined':
      return `${event.request.id} joins ${event.leader}`;
    case 'health.changed':
      return `${event.provider} ${event.scope}: ${event.from} → ${event.to} (${event.rule})`;
    default:
      return event.type;
  }
}

/** A step as one line. */
export function stepLine({ number: _number, at: _at, kind, ...rest }: Step): string {
  const words = Object.entries(rest).filter(([, value]) => value !== undefined && value !== false);
  return [kind, ...words.map(([name, value]) => `${name}=${String(value)}`)].join(' ');
}
