import { formatDiagnostics } from '../config/format.ts';
import { parseConfiguration } from '../config/parse.ts';
import { startDemoProviders } from '../simulator/demo-providers.ts';
import type { ListenOptions } from './arguments.ts';
import { serveUntilSignalled, withFlags } from './start.ts';
import type { World } from './world.ts';

const SETTINGS = {
  // Short, and no longer after each failed trial: recovery is seen too, however long one watches.
  failure_cooldown: 5,
  max_cooldown: 5,
  // Each request begins at the one that breaks.
  sticky_provider_duration: 0,
};

/** `demo`: serves before three simulated providers on loopback, so that failover can be watched without a key. */
export async function demo(options: ListenOptions, world: World): Promise<number> {
  const providers = await startDemoProviders({
    onBreak: (name, about) => world.stderr.write(`demo: "broken" plays ${name} – ${about}\n`),
  });
  const { entries } = providers;
  const parsed = parseConfiguration(JSON.stringify({ providers: entries, settings: SETTINGS }), {
    env: world.env,
  });
  if (!parsed.ok) {
    world.stderr.write(`${formatDiagnostics(parsed.diagnostics)}\n`);
    await providers.close();
    return 1;
  }
  const configuration = withFlags(parsed.configuration, options);
  const load = async () => ({ kind: 'loaded', configuration }) as const;
  const code = await serveUntilSignalled(configuration, load, world, { hint });
  await providers.close();
  return code;
}

/** What to type into another terminal. */
function hint(url: string): string {
  const body = '{"model":"claude-sonnet-4-5","max_tokens":64,"messages":[{"role":"user","content":"hi"}]}';
  return `
Three simulated providers, no key needed, nothing leaves this machine. In another terminal:
  curl ${url}/v1/messages -H 'content-type: application/json' -d '${body}'
  ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=demo claude
and watch here which provider answered.

`;
}
