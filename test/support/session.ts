import type { PostOptions } from './client.ts';
import { BODY } from './engine-bench.ts';

/** Headers of a client that names its session. */
const SESSION = {
  'content-type': 'application/json',
  'x-api-key': 'client-key',
  'x-claude-code-session-id': 'one-session',
  'anthropic-version': '2023-06-01',
};

/** The same request each time, but for what is given. */
export function duplicate(headers: Readonly<Record<string, string>> = {}, body: unknown = BODY): PostOptions {
  return { headers: { ...SESSION, ...headers }, body, deadlineMs: 20_000 };
}
