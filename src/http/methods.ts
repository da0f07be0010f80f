import type { Handler, Hono } from 'hono';
import type { HttpEnv } from './context.ts';
import { problemResponse } from './problem.ts';

/** Serves one method of a path; any other one is told so, with `Allow` (GET includes HEAD). `hint` explains. */
export function serve(
  app: Hono<HttpEnv>,
  method: 'GET' | 'POST',
  path: string,
  handler: Handler<HttpEnv>,
  hint = '',
): void {
  const allow = method === 'GET' ? 'GET, HEAD' : method;
  app.on(method, path, handler);
  app.all(path, (c) =>
    problemResponse(c, {
      status: 405,
      message: `${c.req.method} is not possible here, only ${allow}.${hint}`,
      headers: { allow },
    }),
  );
}
