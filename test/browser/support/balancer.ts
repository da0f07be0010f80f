import { afterEach } from 'vitest';
import { type Balancer, serve } from '../../../src/cli/serve.ts';
import { systemClock } from '../../../src/cli/system-clock.ts';
import { parseConfiguration } from '../../../src/config/parse.ts';
import type { Behaviour } from '../../../src/simulator/behaviour.ts';
import type { SimulatedProvider } from '../../../src/simulator/provider.ts';
import type { BalancerEvent } from '../../../src/telemetry/events.ts';
import { fetchAnswer, messagesBody } from '../../support/client.ts';
import { entry } from '../../support/engine-bench.ts';
import { useProviders } from '../../support/providers.ts';

/** A balancer in real time: the page counts seconds as its reader does. */
export interface LiveBalancer {
  readonly url: string;
  readonly events: readonly BalancerEvent[];
  readonly providers: Readonly<Record<string, SimulatedProvider>>;
  /** Sends a message and waits for its end; gives its id. */
  ask(fields?: Readonly<Record<string, unknown>>, session?: string): Promise<string>;
}

export function useLiveBalancer() {
  const start = useProviders();
  const running: Balancer[] = [];
  afterEach(async () => {
    for (const balancer of running.splice(0)) await balancer.stop();
  });
  return async (
    behaviours: Readonly<Record<string, Behaviour>>,
    settings: Readonly<Record<string, unknown>> = {},
    key = 'client-key',
  ): Promise<LiveBalancer> => {
    const providers: Record<string, SimulatedProvider> = {};
    for (const [name, behaviour] of Object.entries(behaviours))
      providers[name] = await start({ name, behaviour });
    const file = {
      providers: Object.values(providers).map((provider) => entry(provider)),
      settings: { port: 0, state_file: '', sticky_provider_duration: 0, ...settings },
    };
    const parsed = parseConfiguration(JSON.stringify(file), { env: {} });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
    const { configuration } = parsed;
    const events: BalancerEvent[] = [];
    const served = await serve({
      configuration,
      env: {},
      clock: systemClock(),
      random: () => 0.5,
      observe: (event) => events.push(event),
      load: async () => ({ kind: 'loaded', configuration }),
    });
    if (served.kind === 'failed') throw new Error(served.message);
    running.push(served.balancer);
    const { url } = served.balancer.server;
    return {
      url,
      events,
      providers,
      async ask(fields, session = 'a-session') {
        const answer = await fetchAnswer(`${url}/v1/messages`, {
          headers: {
            'x-api-key': key,
            'x-claude-code-session-id': session,
            'user-agent': 'claude-cli/2.1.0 (external, cli)',
          },
          body: messagesBody(fields),
        });
        return answer.header('x-balancer-request-id') ?? '';
      },
    };
  };
}
