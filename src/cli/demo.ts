import { formatDiagnostics } from '../config/format.ts';
import { parseConfiguration } from '../config/parse.ts';
import { startDemoProviders } from '../simulator/demo-providers.ts';
import type { StartOptions } from './arguments.ts';
import { serveUntilSignalled } from './start.ts';
import type { World } from './world.ts';

/** `demo`: serves before three simulated providers on loopback, so that failover can be watched without a key. */
export async function demo(options: StartOptions, world: World): Promise<number> {
  const providers = await startDemoProviders({
    onBreak: (name, about) => world.stderr.write(`demo: "broken" plays ${name} – ${about}\n`),
  });
  const { port, host } = options;
  const settings = {
    // Short, so that recovery is seen too.
    failure_cooldown: 5,
    // Each request begins at the one that breaks.
    sticky_provider_duration: 0,
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
  };
  const parsed = parseConfiguration(JSON.stringify({ providers: providers.entries, settings }), {
    env: world.env,
  });
  if (!parsed.ok) {
    world.stderr.write(`${formatDiagnostics(parsed.diagnostics)}\n`);
    await providers.close();
    return 1;
  }
  const { configuration } = parsed;
  const code = await serveUntilSignalled(
    configuration,
    async () => ({ kind: 'loaded', configuration }),
    world,
  );
  await providers.close();
  return code;
}
