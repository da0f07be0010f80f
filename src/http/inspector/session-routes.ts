import * as v from 'valibot';
import type { AppDependencies, HttpContext } from '../context.ts';
import { problemResponse } from '../problem.ts';
import type { Route } from '../route.ts';
import { foreignPage, visitorOf } from './gate.ts';
import { signInPage } from './page.ts';
import { COOKIE, SESSION_SECONDS, type Sessions } from './sessions.ts';

const MAX_FORM_BYTES = 8 * 1024;
const TAG = 'Inspector';

/** Signing in with the key, and out again. The gate lets everyone come this far. */
export function sessionRoutes(deps: AppDependencies, sessions: Sessions): Route[] {
  return [
    {
      method: 'POST',
      path: '/inspector/session',
      operation: {
        id: 'signIn',
        tag: TAG,
        summary: 'Sign a browser in to the inspector',
        description: 'Sets a cookie that scripts cannot read and other sites cannot send.',
        body: {
          description: 'The form of the page.',
          type: 'application/x-www-form-urlencoded',
          schema: v.object({ key: v.string() }),
        },
        answers: {
          303: { description: 'Signed in; the page is at /inspector.' },
          429: { description: 'Too many wrong keys; try again in a minute.' },
        },
      },
      handler: (c) => signIn(c, deps, sessions),
    },
    {
      method: 'POST',
      path: '/inspector/session/end',
      operation: {
        id: 'signOut',
        tag: TAG,
        summary: 'Sign a browser out',
        answers: { 303: { description: 'Signed out.' } },
      },
      handler: (c) => {
        sessions.signOut(c.req.header('cookie'));
        return leave(`${COOKIE}=; Path=/inspector; HttpOnly; SameSite=Strict; Max-Age=0`);
      },
    },
  ];
}

async function signIn(c: HttpContext, deps: AppDependencies, sessions: Sessions): Promise<Response> {
  const { auth } = deps.settings();
  const { incoming } = c.env;
  const foreign = incoming === undefined ? undefined : foreignPage(visitorOf(incoming));
  if (foreign !== undefined) return problemResponse(c, foreign);
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!(length <= MAX_FORM_BYTES))
    return problemResponse(c, { status: 413, message: 'The form is too large.' });
  const key = new URLSearchParams(await c.req.text()).get('key') ?? '';
  const result = sessions.signIn(key, auth.apiKeys);
  if (result.kind === 'too_many') return signInPage('Too many wrong keys. Try again in a minute.', 429);
  if (result.kind === 'wrong') {
    const reason = 'A wrong key was given to the inspector.';
    deps.observe({ type: 'auth.refused', requestId: c.get('requestId'), path: '/inspector/session', reason });
    return signInPage('This is not the key.', 401);
  }
  const secure = c.req.header('x-forwarded-proto') === 'https' ? '; Secure' : '';
  const scope = `Path=/inspector; HttpOnly; SameSite=Strict; Max-Age=${SESSION_SECONDS}`;
  return leave(`${COOKIE}=${result.token}; ${scope}${secure}`);
}

function leave(cookie: string): Response {
  return new Response(null, { status: 303, headers: { location: '/inspector', 'set-cookie': cookie } });
}
