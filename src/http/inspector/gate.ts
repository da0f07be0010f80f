import type { IncomingMessage } from 'node:http';
import type { AuthSettings } from '../../domain/settings/settings.ts';
import { checkKey } from '../api-key.ts';
import { isLoopback, isOwnOrigin } from '../host.ts';
import type { Problem } from '../problem.ts';
import type { Sessions } from './sessions.ts';

/**
 * Who may look at the inspector. With authentication: whoever knows a key or has signed in with one. Without: only this
 * machine, by its own name, and no other site's page.
 */

/** What is asked of a request. */
export interface Visitor {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly apiKey: string | undefined;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  /** Address of the connection's other end. */
  readonly remote: string | undefined;
  /** It came through a proxy: the connection says nothing about who asks. */
  readonly isForwarded: boolean;
}

export function visitorOf({ headers, socket }: IncomingMessage): Visitor {
  const one = (value: string | string[] | undefined): string | undefined =>
    Array.isArray(value) ? value.join(', ') : value;
  return {
    host: headers.host,
    origin: headers.origin,
    fetchSite: one(headers['sec-fetch-site']),
    apiKey: one(headers['x-api-key']),
    authorization: headers.authorization,
    cookie: headers.cookie,
    remote: socket.remoteAddress,
    isForwarded: headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined,
  };
}

/**
 * Why a visitor is not let in; undefined: welcome. `sessions` is undefined where the inspector is off: nobody has signed
 * in. `changes`: it wants to change something.
 */
export function refusalOf(
  visitor: Visitor,
  auth: AuthSettings,
  sessions: Sessions | undefined,
  changes: boolean,
): Problem | undefined {
  const foreign = foreignPage(visitor);
  if (!auth.enabled) return foreign ?? notFromHere(visitor);
  if (checkKey(visitor.apiKey, visitor.authorization, auth.apiKeys) === 'accepted') return undefined;
  if (sessions?.isSignedIn(visitor.cookie, auth.apiKeys) !== true) return KEY_NEEDED;
  // A cookie comes along by itself: who sent it has to be asked.
  if (foreign !== undefined) return foreign;
  return changes && visitor.origin === undefined && visitor.fetchSite === undefined ? NO_ORIGIN : undefined;
}

const KEY_NEEDED: Problem = {
  status: 401,
  code: 'AUTH_FAILED',
  message: 'The inspector asks for an API key: sign in at /inspector, or send it as x-api-key.',
  headers: { 'x-should-retry': 'false', 'www-authenticate': 'Bearer' },
};

const NO_ORIGIN: Problem = {
  status: 403,
  code: 'ORIGIN_NOT_ALLOWED',
  message: 'A change with a cookie must say which page it comes from (Origin).',
};

/** A request of another site's page. */
export function foreignPage({ host, origin, fetchSite }: Visitor): Problem | undefined {
  const isOwn = origin === undefined || isOwnOrigin(origin, host ?? '', { bound: [], allowed: [] });
  if (isOwn && (fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none'))
    return undefined;
  return {
    status: 403,
    code: 'ORIGIN_NOT_ALLOWED',
    message: 'The inspector answers its own page only, no page of another site.',
  };
}

function notFromHere({ host, remote, isForwarded }: Visitor): Problem | undefined {
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host ?? '')?.[1] ?? '';
  if (!isLoopback(name)) {
    return {
      status: 403,
      code: 'HOST_NOT_ALLOWED',
      message:
        'Without authentication the inspector answers at localhost, 127.0.0.1 and [::1] only. Switch on settings.auth to reach it by another name.',
    };
  }
  if (!isForwarded && remote !== undefined && isLoopback(remote)) return undefined;
  return {
    status: 403,
    code: 'HOST_NOT_ALLOWED',
    message:
      'Without authentication the inspector answers clients on its own machine only. Switch on settings.auth.',
  };
}
