import type { Hono } from 'hono';
import type { ProviderStatus } from '../engine/interface.ts';
import type { AppDependencies, HttpEnv } from './context.ts';
import { serve } from './methods.ts';
import { isAvailable } from './provider-view.ts';

/** Who we are and whether we can work: `/`, `/api/hello`, `/health`, `/livez`, `/readyz`. */
export function probeRoutes(app: Hono<HttpEnv>, deps: AppDependencies): void {
  serve(app, 'GET', '/', (c) =>
    c.json({
      service: deps.settings().appName,
      version: deps.version,
      status: 'healthy',
      providers_available: deps.engine.status().providers.filter(isAvailable).length,
    }),
  );
  // Claude Code asks for it once at its start, without credentials, and wants nothing but an answer.
  serve(app, 'GET', '/api/hello', (c) => c.json({ message: 'hello' }));
  serve(app, 'GET', '/health', (c) =>
    deps.engine.status().providers.some(couldBeTried)
      ? c.json({ status: 'healthy' })
      : c.json({ status: 'unhealthy', message: 'No healthy providers available' }, 503),
  );
  serve(app, 'GET', '/livez', (c) => c.json({ status: 'alive' }));
  serve(app, 'GET', '/readyz', (c) => {
    const phase = deps.phase();
    return phase === 'serving' ? c.json({ status: 'ready' }) : c.json({ status: phase }, 503);
  });
}

/** A cooling provider would still be tried before anyone is refused; a disabled or unservable one would not. */
function couldBeTried(provider: ProviderStatus): boolean {
  return provider.enabled && provider.unservable === undefined && provider.state !== 'disabled';
}
