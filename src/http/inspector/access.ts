import type { AppDependencies, HttpContext } from '../context.ts';
import type { Problem } from '../problem.ts';
import { refusalOf, visitorOf } from './gate.ts';
import { signInPage } from './page.ts';

/** What becomes of a request to the inspector before its route is reached: nothing, a refusal, or the form for the key. */
export function inspectorRefusal(
  c: HttpContext,
  deps: AppDependencies,
): { readonly problem?: Problem; readonly answer?: Response } {
  const { incoming } = c.env;
  const { auth } = deps.settings();
  if (incoming === undefined) return { problem: NO_CONNECTION };
  const visitor = visitorOf(incoming);
  const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD';
  // Whoever signs in has no key to show yet; the style of the form tells nothing.
  if (auth.enabled && (isSignIn(c) || isStyle(c))) return {};
  const problem = refusalOf(visitor, auth, deps.inspector?.sessions, changes);
  if (problem === undefined) return {};
  const isPage = c.req.path.replace(/\/+$/, '') === '/inspector' && !changes;
  return problem.status === 401 && isPage ? { answer: signInPage(undefined, 200) } : { problem };
}

const NO_CONNECTION: Problem = {
  status: 403,
  code: 'HOST_NOT_ALLOWED',
  message: 'The inspector answers over a connection only.',
};

function isSignIn(c: HttpContext): boolean {
  return c.req.path === '/inspector/session' && c.req.method === 'POST';
}

function isStyle(c: HttpContext): boolean {
  return c.req.path === '/inspector/assets/inspector.css' && c.req.method === 'GET';
}
