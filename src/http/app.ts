import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { access } from './access.ts';
import type { AppDependencies, HttpEnv } from './context.ts';
import { dialectOf } from './dialect.ts';
import { answerWhileWriting } from './linger.ts';
import { problemResponse } from './problem.ts';
import { registerRoutes } from './route.ts';
import { routesOf } from './routes.ts';

/**
 * The balancer's HTTP surface. Routes are fixed here once; everything that a reload may change is read through
 * `deps` at each request.
 */
export function createApp(deps: AppDependencies): Hono<HttpEnv> {
  // Not strict: a trailing slash changes nothing.
  const app = new Hono<HttpEnv>({ strict: false });

  app.use(answerWhileWriting(deps.limits));
  // Not async, like the others: what waits for nothing makes no promise of its own.
  app.use(function requestId(c, next) {
    c.set('requestId', deps.newId());
    const dialect = dialectOf(c.req.path, (name) => c.req.header(name));
    const isForModels = c.req.path.startsWith('/v1/') || dialect === 'openai';
    c.set('exposesProviderErrors', isForModels && deps.settings().exposeProviderErrors);
    c.set('dialect', dialect);
    return next();
  });
  app.use(access(deps));

  hintAtBaseUrl(app, deps);
  registerRoutes(app, routesOf(deps));

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

/** Tells once that a client's base URL ends in `/v1`; it is served all the same. */
function hintAtBaseUrl(app: Hono<HttpEnv>, deps: AppDependencies): void {
  let hinted = false;
  app.use('/v1/v1/*', async function hintAtBaseUrl(c, next) {
    if (!hinted) {
      hinted = true;
      const name = c.get('dialect') === 'openai' ? 'base URL' : 'ANTHROPIC_BASE_URL';
      const message = `A client asks for ${c.req.path}: its ${name} should not end in /v1.`;
      deps.observe({ type: 'client.hint', message });
    }
    await next();
  });
}
