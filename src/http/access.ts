import type { MiddlewareHandler } from 'hono';
import { isNamed } from '../domain/header-name.ts';
import { checkKey } from './api-key.ts';
import type { AppDependencies, HttpContext, HttpEnv } from './context.ts';
import { type HostCheck, isOwnOrigin, type KnownHosts, rememberingHosts } from './host.ts';
import { inspectorRefusal } from './inspector/access.ts';
import { type Problem, problemResponse } from './problem.ts';

/** Probes: they tell nothing worth protecting, and whoever sends them knows neither key nor name. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(['/livez', '/readyz', '/api/hello']);

/**
 * Who may come in. With authentication: whoever knows a key. Without: whoever reaches us under a known name and not
 * from another site's page, because any page in the user's browser could otherwise spend the user's keys.
 */
export function access(deps: AppDependencies): MiddlewareHandler<HttpEnv> {
  const isKnown = rememberingHosts();
  // Not async: what waits for nothing makes no promise of its own.
  return function access(c, next) {
    const answer = turnedAway(c, deps, isKnown);
    return answer === undefined ? next() : Promise.resolve(answer);
  };
}

/** The answer to whoever may not come in, or has to sign in first. */
function turnedAway(c: HttpContext, deps: AppDependencies, isKnown: HostCheck): Response | undefined {
  const isInspector = /^\/inspector(?:\/|$)/.test(c.req.path);
  if (isInspector) {
    const { problem, answer } = inspectorRefusal(c, deps);
    if (answer !== undefined || problem === undefined) return answer;
    return refused(c, deps, problem);
  }
  const problem = isOpen(c) ? undefined : refusal(c, deps, isKnown);
  return problem === undefined ? undefined : refused(c, deps, problem);
}

function refused(c: HttpContext, deps: AppDependencies, problem: Problem): Response {
  deps.observe({
    type: 'auth.refused',
    requestId: c.get('requestId'),
    path: c.req.path.slice(0, 200),
    reason: reasonFor(problem),
  });
  return problemResponse(c, problem);
}

function isOpen(c: HttpContext): boolean {
  return OPEN_PATHS.has(withoutSlash(c.req.path)) && (c.req.method === 'GET' || c.req.method === 'HEAD');
}

function refusal(c: HttpContext, deps: AppDependencies, isKnown: HostCheck): Problem | undefined {
  const { auth } = deps.settings();
  if (!auth.enabled) return foreignRequest(c, deps, isKnown);
  if (auth.exemptPaths.some((path) => withoutSlash(path) === withoutSlash(c.req.path))) return undefined;
  const verdict = checkKey(c.req.header('x-api-key'), c.req.header('authorization'), auth.apiKeys);
  if (verdict === 'accepted') return undefined;
  return {
    status: 401,
    code: 'AUTH_FAILED',
    message:
      verdict === 'missing'
        ? 'This balancer asks for an API key: send it as x-api-key or as Authorization: Bearer.'
        : 'Invalid API key.',
    // The client would repeat a 401 for three minutes; this one does not mend itself.
    headers: { 'x-should-retry': 'false', 'www-authenticate': 'Bearer' },
  };
}

function foreignRequest(c: HttpContext, deps: AppDependencies, isKnown: HostCheck): Problem | undefined {
  const settings = deps.settings();
  const known: KnownHosts = {
    bound: [settings.host, c.env.incoming?.socket.localAddress],
    allowed: settings.allowedHosts,
  };
  const host = c.req.header('host') ?? new URL(c.req.url).host;
  const stranger = [host, ...otherAuthorities(c, host)].find((name) => !isKnown(name, known));
  if (stranger !== undefined) {
    return {
      status: 403,
      code: 'HOST_NOT_ALLOWED',
      message:
        `The host name ${quoted(stranger)} is not known to this balancer. ` +
        'If it is yours, add it to settings.allowed_hosts, or switch on settings.auth.',
    };
  }
  const origin = c.req.header('origin');
  const foreign = origin !== undefined && !isOwnOrigin(origin, host, known);
  if (!foreign && c.req.header('sec-fetch-site') !== 'cross-site') return undefined;
  return {
    status: 403,
    code: 'ORIGIN_NOT_ALLOWED',
    message:
      `Requests from pages of another site${origin === undefined ? '' : ` (${quoted(origin)})`} are refused. ` +
      'If the page is yours, add its host to settings.allowed_hosts, or switch on settings.auth.',
  };
}

/** Further names of the same request: a second `Host`, or the authority of an absolute request target. */
function otherAuthorities(c: HttpContext, host: string): string[] {
  const { incoming } = c.env;
  if (incoming === undefined) return [];
  const hosts: string[] = [];
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    if (isNamed(incoming.rawHeaders[at], 'host')) hosts.push(incoming.rawHeaders[at + 1] ?? '');
  }
  if (incoming.url?.startsWith('/') === false) hosts.push(new URL(c.req.url).host);
  return hosts.filter((name) => name !== host);
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function reasonFor(problem: Problem): string {
  return problem.status === 401 ? problem.message : `${problem.code}: ${problem.message}`;
}
