import { parseJson } from '../../domain/json.ts';

/**
 * The session id in a request's `metadata.user_id`, or `undefined`. Claude Code sends a JSON string
 * `{"device_id":…,"session_id":…}`; older versions sent `user_<hash>_account_<uuid>_session_<uuid>`.
 */
export function sessionIdOf(metadata: unknown): string | undefined {
  const userId = memberOf(metadata, 'user_id');
  if (typeof userId !== 'string') return undefined;
  const session = userId.trimStart().startsWith('{')
    ? memberOf(parseJson(userId), 'session_id')
    : olderSession(userId);
  return typeof session === 'string' && session !== '' ? session : undefined;
}

const OLDER_MARKER = '_session_';

function olderSession(userId: string): string | undefined {
  const at = userId.lastIndexOf(OLDER_MARKER);
  return at === -1 ? undefined : userId.slice(at + OLDER_MARKER.length);
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
