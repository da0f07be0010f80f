import { serve } from '../../src/cli/serve.ts';
import { systemClock } from '../../src/cli/system-clock.ts';
import { parseConfiguration } from '../../src/config/parse.ts';
import type { Configuration } from '../../src/domain/settings/settings.ts';
import type { Clock } from '../../src/domain/time.ts';
import { startProvider } from '../../src/simulator/provider.ts';
import { oneOf, seeded } from '../simulation/chance.ts';
import { randomBehaviour } from './behaviours.ts';
import { ask, type Fate } from './client.ts';
import { grown, type Resources, resources } from './resources.ts';

export interface SoakOptions {
  readonly seed: number;
  /** Of traffic, ms; between rounds everything comes to rest and is counted. */
  readonly roundMs: number;
  readonly rounds: number;
  readonly workers: number;
  readonly say: (line: string) => void;
}

export interface SoakReport {
  readonly fates: Readonly<Record<Fate['kind'], number>>;
  /** Everything that should not have been. */
  readonly complaints: readonly string[];
}

/** The first rounds warm up: code is compiled, pools and caches are filled. */
const WARM_UP = 2;
const FAULTY = ['a', 'b', 'c', 'd'] as const;
/** A reload or an operator's word comes so often, ms. */
const CHANGE_EVERY_MS = 700;

/** A clock that counts its timers. */
function counted(clock: Clock): { readonly clock: Clock; readonly pending: () => number } {
  const pending = new Set<unknown>();
  return {
    pending: () => pending.size,
    clock: {
      now: clock.now,
      setTimeout(callback, delayMs) {
        const handle = clock.setTimeout(() => {
          pending.delete(handle);
          callback();
        }, delayMs);
        pending.add(handle);
        return handle;
      },
      clearTimeout(handle) {
        pending.delete(handle);
        clock.clearTimeout(handle);
      },
    },
  };
}

/** Mixed traffic with faults, reloads, clients that leave and clients that read slowly; one provider is always well. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const random = seeded(options.seed);
  const steady = await startProvider({ name: 'steady', behaviour: { kind: 'message' }, keep: 0 });
  const faulty = await Promise.all(
    FAULTY.map((name) => startProvider({ name, behaviour: () => randomBehaviour(random), keep: 0 })),
  );
  const { clock, pending } = counted(systemClock());
  const complaints: string[] = [];
  const load = (): Configuration => configurationOf([...faulty, steady], random);
  const served = await serve({
    configuration: load(),
    env: {},
    clock,
    random,
    observe: (event) => {
      if (event.type === 'fault') complaints.push(`${event.message} ${String(event.error)}`);
    },
    load: async () => ({ kind: 'loaded', configuration: load() }),
  });
  if (served.kind === 'failed') throw new Error(served.message);
  const { balancer } = served;
  const fates = { served: 0, left: 0, broken: 0, lost: 0 };
  const rounds: Resources[] = [];

  const work = async (until: number): Promise<void> => {
    while (Date.now() < until) {
      const fate = await ask(balancer.server.url, random);
      fates[fate.kind] += 1;
      if (fate.kind === 'lost') complaints.push(`lost: ${fate.why}`);
    }
  };
  const change = (): void => {
    if (random() < 0.5) void balancer.reload();
    else
      balancer.engine.operate(oneOf(random, FAULTY), oneOf(random, ['disable', 'enable', 'reset', 'forget']));
    if (random() < 0.2) balancer.engine.cleanup(random() < 0.5);
  };
  for (let round = 1; round <= WARM_UP + options.rounds; round += 1) {
    const until = Date.now() + options.roundMs;
    const changes = setInterval(change, CHANGE_EVERY_MS);
    await Promise.all(Array.from({ length: options.workers }, () => work(until)));
    clearInterval(changes);
    await atRest(() => balancer.engine.status(), complaints);
    const held = resources(pending());
    if (round > WARM_UP) rounds.push(held);
    options.say(`round ${round}: ${JSON.stringify({ ...fates, ...held })}`);
  }
  for (const what of grown(rounds)) complaints.push(`grew: ${what}`);
  await balancer.stop();
  if (pending() > 0) complaints.push(`${pending()} timers are left after the stop`);
  for (const provider of [...faulty, steady]) await provider.close();
  return { fates, complaints };
}

function configurationOf(
  providers: readonly { readonly name: string; readonly url: string }[],
  random: () => number,
): Configuration {
  const entries = providers.map(({ name, url }) => ({
    name,
    base_url: url,
    auth_value: `key-of-${name}`,
    timeouts: timesOf(name),
    ...(name !== 'steady' && random() < 0.1 ? { enabled: false } : {}),
    ...(name !== 'steady' && random() < 0.3 ? { max_concurrent: 4 } : {}),
  }));
  const settings = {
    port: 0,
    failure_cooldown: 1,
    max_cooldown: 4,
    unhealthy_threshold: 2,
    sticky_provider_duration: oneOf(random, [0, 5]),
    selection_strategy: oneOf(random, ['round_robin', 'random', 'priority']),
  };
  const parsed = parseConfiguration(JSON.stringify({ providers: entries, settings }), { env: {} });
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'));
  return parsed.configuration;
}

/** All of it runs in one process: whoever is well gets the time that a busy machine may take from it. */
function timesOf(name: string) {
  const [connect, answer] = name === 'steady' ? [10, 20] : [2, 1];
  const times = { connect_timeout: connect, read_timeout: answer, first_content_timeout: answer };
  return { streaming: times, non_streaming: times };
}

const REST_MS = 30_000;

/** Waits until nothing is under way any more, and a moment for what then closes. */
async function atRest(
  status: () => { readonly inFlight: number; readonly bufferedBytes: number },
  complaints: string[],
): Promise<void> {
  const until = Date.now() + REST_MS;
  for (;;) {
    const { inFlight, bufferedBytes } = status();
    if (inFlight === 0 && bufferedBytes === 0) break;
    if (Date.now() > until) {
      complaints.push(`no rest: ${inFlight} requests and ${bufferedBytes} bytes are left`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // The connection of a complete answer may linger for a second before it is closed.
  await new Promise((resolve) => setTimeout(resolve, 1_300));
}
