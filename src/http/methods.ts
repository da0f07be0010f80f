import type { Handler, Hono } from 'hono';
import type { HttpEnv } from './context.ts';
import { problemResponse } from './problem.ts';

/** By method. */
export type Handlers = Readonly<Partial<Record<'GET' | 'POST' | 'DELETE', Handler<HttpEnv>>>>;

/** Serves the methods of a path; any other one is told so, with `Allow` (GET includes HEAD). `hint` explains. */
export function serve(app: Hono<HttpEnv>, handlers: Handlers, path: string, hint = ''): void {
  const methods = Object.keys(handlers);
  const allow = methods.map((method) => (method === 'GET' ? 'GET, HEAD' : method)).join(', ');
  for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handler);
  app.all(path, (c) =>
    problemResponse(c, {
      status: 405,
      message: `${c.req.method} is not possible here, only ${allow}.${hint}`,
      headers: { allow },
    }),
  );
}
