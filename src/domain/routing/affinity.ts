import { LruMap } from '../lru-map.ts';

/**
 * Affinity: who served a session last on a route. The provider that holds a conversation's prompt cache answers faster
 * and cheaper, so the session stays there; but nobody stays on a fallback all day.
 */
export interface AffinityMemory {
  /** Per session: per route. Sessions are named by clients, so the map is bounded. */
  readonly sessions: LruMap<string, Map<string, Stay>>;
  /** Per route, of the requests that named no session. Routes come from the configuration alone. */
  readonly routes: Map<string, Stay>;
}

/** Being served by one provider. Times are wall clock, ms. */
interface Stay {
  readonly provider: string;
  /** When it began, or when failover last brought the requests back here. */
  readonly since: number;
  /** The last request that used it. */
  readonly lastUsedAt: number;
}

/** Whose affinity: one session's on one route, or the route's own. */
export interface AffinityKey {
  readonly session?: string | undefined;
  /** The request's first route (the route of `tiers[0]`), also where a later tier served it. */
  readonly route: string;
}

/** A request that a provider has served. */
interface Served extends AffinityKey {
  /** Id of the provider that served it. */
  readonly provider: string;
  /** Wall clock, ms. */
  readonly at: number;
  /** Id of the provider that stood first in the request's order. Another one than `provider`: failover moved it. */
  readonly preferred: string;
}

/** A longer session name than any client of ours sends is not worth keeping: it counts as none. */
const LONGEST_SESSION = 256;

/** @param sessions how many sessions are kept; the longest unused leaves first. */
export function createAffinityMemory(sessions: number): AffinityMemory {
  return { sessions: new LruMap(sessions), routes: new Map() };
}

/**
 * Sets the affinity. To be called at a success's commit, and for long answers again at their end (so that the time
 * counts from there); never for failures, and not for pinned requests, which did not choose.
 */
export function remember(memory: AffinityMemory, served: Served): void {
  const { provider, at, preferred } = served;
  const known = recall(memory, served);
  const stays = known !== undefined && known.provider === provider && preferred === provider;
  store(memory, served, { provider, since: stays ? known.since : at, lastUsedAt: at });
}

/** The provider that holds the affinity, if its last request is less than `stickyMs` ago. */
export function affinityOf(
  memory: AffinityMemory,
  key: AffinityKey,
  now: number,
  stickyMs: number,
): { readonly provider: string; readonly since: number } | undefined {
  const stay = recall(memory, key);
  return stay !== undefined && now - stay.lastUsedAt < stickyMs ? stay : undefined;
}

/** A request was just sent where its affinity points: the time runs anew. */
export function renew(memory: AffinityMemory, key: AffinityKey, now: number): void {
  const stay = recall(memory, key);
  if (stay !== undefined) store(memory, key, { ...stay, lastUsedAt: Math.max(now, stay.lastUsedAt) });
}

/**
 * Forgets affinities: those whose last request is `stickyMs` ago or longer, which no request would follow any more;
 * with `force` all of them. Gives how many sessions and routes have none left.
 */
export function forgetStays(memory: AffinityMemory, now: number, stickyMs: number, force: boolean): number {
  const isOver = ({ lastUsedAt }: Stay): boolean => force || now - lastUsedAt >= stickyMs;
  const sessions = memory.sessions.prune((stays) => {
    for (const [route, stay] of stays) if (isOver(stay)) stays.delete(route);
    return stays.size > 0;
  });
  let routes = 0;
  for (const [route, stay] of memory.routes) {
    if (!isOver(stay)) continue;
    memory.routes.delete(route);
    routes += 1;
  }
  return sessions + routes;
}

/** Whether a session's name is one that affinity is kept for. */
export function isKnownSession(session: string | undefined): session is string {
  return session !== undefined && session !== '' && session.length <= LONGEST_SESSION;
}

function recall(memory: AffinityMemory, { session, route }: AffinityKey): Stay | undefined {
  return isKnownSession(session) ? memory.sessions.get(session)?.get(route) : memory.routes.get(route);
}

function store(memory: AffinityMemory, { session, route }: AffinityKey, stay: Stay): void {
  if (!isKnownSession(session)) {
    memory.routes.set(route, stay);
    return;
  }
  const stays = memory.sessions.get(session);
  if (stays === undefined) memory.sessions.set(session, new Map([[route, stay]]));
  else stays.set(route, stay);
}
