import { FAILURE_TABLE } from '../domain/failures/failure-table.ts';
import type { MessageBehaviour } from './behaviour.ts';
import { apiError } from './errors.ts';
import { type SimulatedProvider, startProvider } from './provider.ts';
import { FAILURE_NAMES, type ScenarioName, scenario } from './scenarios.ts';

/** A provider as the configuration file writes it. Times in seconds. */
interface DemoProviderEntry {
  readonly name: string;
  readonly type: 'anthropic';
  readonly base_url: string;
  readonly auth_type: 'api_key';
  readonly auth_value: string;
  readonly timeouts: {
    readonly streaming: {
      readonly connect_timeout: number;
      readonly read_timeout: number;
      readonly first_content_timeout: number;
    };
  };
}

export interface DemoProviders {
  /** Ready for `providers:` of a configuration. */
  readonly entries: readonly DemoProviderEntry[];
  readonly steady: SimulatedProvider;
  readonly limited: SimulatedProvider;
  readonly broken: SimulatedProvider;
  close(): Promise<void>;
}

export interface DemoOptions {
  /** Told which scenario the broken provider plays next, and what that is. */
  readonly onBreak?: (name: ScenarioName, about: string) => void;
}

const LIMITED_EVERY = 3;
const RETRY_AFTER_SECONDS = '5';
/** Short, so that a demonstration does not stand still at a provider that never answers. */
const TIMEOUTS = { streaming: { connect_timeout: 2, read_timeout: 3, first_content_timeout: 3 } };

/** What another provider can mend, one way after the other; what the client would have to see is left out. */
const MENDABLE = FAILURE_NAMES.filter((name) => {
  const { expected } = scenario(name);
  return expected !== 'success' && FAILURE_TABLE[expected].failover !== 'none';
});

/**
 * The three providers of the demonstration: `broken` fails in another way each time, `limited` says 429 with a
 * `retry-after` to every third request, `steady` always answers. In this order, so that failover shows.
 */
export async function startDemoProviders(options: DemoOptions = {}): Promise<DemoProviders> {
  const [broken, limited, steady] = await Promise.all([
    startProvider({ name: 'broken', behaviour: breakInTurn(options) }),
    startProvider({ name: 'limited', behaviour: (request) => limitedAnswer(request.number) }),
    startProvider({ name: 'steady', behaviour: greeting('steady') }),
  ]);
  return {
    entries: [broken, limited, steady].map(entryOf),
    steady,
    limited,
    broken,
    close: async () => {
      await Promise.all([broken.close(), limited.close(), steady.close()]);
    },
  };
}

function breakInTurn(options: DemoOptions) {
  let at = 0;
  return () => {
    const name = MENDABLE[at % MENDABLE.length] ?? 'internal_server_error';
    at += 1;
    const { about, behaviour } = scenario(name);
    options.onBreak?.(name, about);
    return behaviour;
  };
}

function limitedAnswer(number: number) {
  if (number % LIMITED_EVERY !== 0) return greeting('limited');
  return apiError(429, 'rate_limit_error', 'Too many requests, come back in a moment.', {
    'retry-after': RETRY_AFTER_SECONDS,
  });
}

function greeting(name: string): MessageBehaviour {
  const text = `Hello! This answer comes from the simulated provider "${name}". No model was asked and nothing was spent.`;
  return { kind: 'message', text, pieces: 12, delayMs: 40 };
}

function entryOf(provider: SimulatedProvider): DemoProviderEntry {
  return {
    name: provider.name,
    type: 'anthropic',
    base_url: provider.url,
    auth_type: 'api_key',
    auth_value: `demo-key-of-${provider.name}`,
    timeouts: TIMEOUTS,
  };
}
