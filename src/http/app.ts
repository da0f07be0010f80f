import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { access } from './access.ts';
import type { AppDependencies, HttpEnv } from './context.ts';
import { answerWhileWriting } from './linger.ts';
import { relay } from './messages.ts';
import { serve } from './methods.ts';
import { modelRoutes } from './models.ts';
import { probeRoutes } from './probes.ts';
import { problemResponse } from './problem.ts';
import { providerRoutes } from './providers.ts';

/**
 * The balancer's HTTP surface. Routes are fixed here once; everything that a reload may change is read through
 * `deps` at each request.
 */
export function createApp(deps: AppDependencies): Hono<HttpEnv> {
  // Not strict: a trailing slash changes nothing.
  const app = new Hono<HttpEnv>({ strict: false });

  app.use(answerWhileWriting(deps.limits));
  app.use(async function requestId(c, next) {
    c.set('requestId', deps.newId());
    await next();
  });
  app.use(access(deps));

  messageRoutes(app, deps);
  modelRoutes(app, deps);
  probeRoutes(app, deps);
  providerRoutes(app, deps);

  app.notFound((c) =>
    problemResponse(c, { status: 404, message: `There is nothing at ${c.req.path.slice(0, 200)}.` }),
  );
  app.onError((error, c) => {
    const requestId = c.get('requestId');
    deps.observe({ type: 'fault', message: `${c.req.method} ${c.req.path} failed.`, error, requestId });
    if (c.env.outgoing?.headersSent) {
      // Half an answer is out; only a break tells the client that the other half will not come.
      c.env.outgoing.destroy();
      return RESPONSE_ALREADY_SENT;
    }
    const message = `The balancer itself failed on this request (${requestId}); its log tells more.`;
    return problemResponse(c, { status: 500, message });
  });
  return app;
}

/** `/v1/v1/…` is what a client asks for whose base URL ends in `/v1`: served, with a hint. */
function messageRoutes(app: Hono<HttpEnv>, deps: AppDependencies): void {
  const endpoints = [
    ['/v1/messages', 'messages'],
    ['/v1/messages/count_tokens', 'count_tokens'],
  ] as const;
  let hinted = false;
  app.use('/v1/v1/*', async function hintAtBaseUrl(c, next) {
    if (!hinted) {
      hinted = true;
      const message = `A client asks for ${c.req.path}: its ANTHROPIC_BASE_URL should not end in /v1.`;
      deps.observe({ type: 'client.hint', message });
    }
    await next();
  });
  for (const [path, endpoint] of endpoints) {
    serve(app, 'POST', path, relay(deps, endpoint, path));
    serve(app, 'POST', `/v1${path}`, relay(deps, endpoint, path));
  }
}
