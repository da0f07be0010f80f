import { createHash, randomBytes } from 'node:crypto';
import { checkKey } from '../api-key.ts';

/** A browser stays signed in for so long, s. */
export const SESSION_SECONDS = 12 * 60 * 60;
const MAX_SESSIONS = 1_000;
/** Wrong keys before everyone has to wait, and for how long, ms. */
const MAX_FAILURES = 10;
const FAILURE_WINDOW_MS = 60_000;

export const COOKIE = 'balancer_inspector';

export type SignIn =
  | { readonly kind: 'signed_in'; readonly token: string }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'too_many' };

/** Who has signed in with a key. A session is worth what its key is worth: without the key it is over. */
export interface Sessions {
  signIn(key: string, keys: readonly string[]): SignIn;
  isSignedIn(cookies: string | undefined, keys: readonly string[]): boolean;
  signOut(cookies: string | undefined): void;
}

interface Session {
  readonly key: string;
  readonly until: number;
}

export function createSessions(now: () => number): Sessions {
  /** By the hash of its token: what lies in memory opens nothing. */
  const sessions = new Map<string, Session>();
  let failures: number[] = [];
  return {
    signIn(key, keys) {
      const at = now();
      failures = failures.filter((each) => each > at - FAILURE_WINDOW_MS);
      if (failures.length >= MAX_FAILURES) return { kind: 'too_many' };
      if (checkKey(key, undefined, keys) !== 'accepted') {
        failures.push(at);
        return { kind: 'wrong' };
      }
      for (const [hash, { until }] of sessions) {
        if (until <= at || sessions.size >= MAX_SESSIONS) sessions.delete(hash);
      }
      const token = randomBytes(32).toString('base64url');
      sessions.set(hashOf(token), { key: key.trim(), until: at + SESSION_SECONDS * 1000 });
      return { kind: 'signed_in', token };
    },
    isSignedIn(cookies, keys) {
      const token = tokenIn(cookies);
      const session = token === undefined ? undefined : sessions.get(hashOf(token));
      if (session === undefined || session.until <= now()) return false;
      return checkKey(session.key, undefined, keys) === 'accepted';
    },
    signOut(cookies) {
      const token = tokenIn(cookies);
      if (token !== undefined) sessions.delete(hashOf(token));
    },
  };
}

function tokenIn(cookies: string | undefined): string | undefined {
  const found = cookies?.split(';').find((each) => each.trim().startsWith(`${COOKIE}=`));
  return found?.trim().slice(COOKIE.length + 1);
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
