import type { Hono } from 'hono';
import type { OperatorAction } from '../engine/interface.ts';
import type { AppDependencies, HttpContext, HttpEnv } from './context.ts';
import { serve } from './methods.ts';
import { problemResponse } from './problem.ts';
import { isAvailable, providersView, providerView, type ViewOptions } from './provider-view.ts';

const ACTIONS: Readonly<Record<OperatorAction, string>> = {
  reset: 'is reset: counts and cooldowns are forgotten',
  disable: 'is switched off by hand, until it is enabled again',
  enable: 'is switched on',
};

/** The operator's routes: look at the providers, reload the configuration, act by hand. */
export function providerRoutes(app: Hono<HttpEnv>, deps: AppDependencies): void {
  const options = (): ViewOptions => ({ settings: deps.settings(), now: deps.now(), redact: deps.redact });

  serve(app, 'GET', '/providers', (c) => c.json(providersView(deps.engine.status(), options())));
  serve(
    app,
    'POST',
    '/providers/reload',
    (c) => reload(c, deps),
    ' A reload changes something, so it is a POST: curl -X POST …/providers/reload',
  );
  for (const action of ['reset', 'disable', 'enable'] as const) {
    serve(app, 'POST', `/providers/:name/${action}`, (c) => {
      const name = c.req.param('name') ?? '';
      const provider = deps.engine.operate(name, action);
      if (provider === undefined) return unknownProvider(c, name, deps);
      return c.json({
        status: 'success',
        message: `${provider.id} ${ACTIONS[action]}.`,
        provider: providerView(provider, options()),
      });
    });
  }
}

async function reload(c: HttpContext, deps: AppDependencies): Promise<Response> {
  const outcome = await deps.reload();
  if (outcome.kind === 'rejected') {
    const errors = outcome.errors.map(deps.redact);
    const message = `Failed to reload configuration, the running one stays: ${errors.join('; ')}`;
    return c.json({ status: 'error', message, errors }, 422);
  }
  const { providers } = deps.engine.status();
  return c.json({
    status: 'success',
    message: 'Provider configuration reloaded successfully',
    providers_count: providers.length,
    healthy_providers: providers.filter(isAvailable).length,
  });
}

function unknownProvider(c: HttpContext, name: string, deps: AppDependencies): Response {
  const known = deps.engine.status().providers.map(({ id }) => id);
  const list = known.length === 0 ? 'There is none.' : `There are: ${known.join(', ')}.`;
  return problemResponse(c, {
    status: 404,
    message: `No provider is called ${JSON.stringify(name.slice(0, 100))}. ${list}`,
  });
}
