/** Whose errors and lists a client reads. */
export type Dialect = 'anthropic' | 'openai';

/** Where clients of OpenAI ask, by the base URL that they were given: with `/v1`, without it, and with it once too often. */
export const CHAT_PATHS = ['/v1/chat/completions', '/chat/completions', '/v1/v1/chat/completions'] as const;
export const MODEL_PATHS = ['/v1/models', '/models', '/v1/v1/models'] as const;

/**
 * Who asks, for the places where it matters. The list of models is asked for by both: clients of Anthropic name its version or send
 * `x-api-key`, Claude Code its own name; of OpenAI's there is nothing but `Authorization`.
 */
export function dialectOf(path: string, header: (name: string) => string | undefined): Dialect {
  const place = path.length > 1 ? path.replace(/\/+$/, '') : path;
  if (CHAT_PATHS.some((each) => each === place)) return 'openai';
  if (!MODEL_PATHS.some((each) => each === place)) return 'anthropic';
  const isAnthropic = header('anthropic-version') !== undefined || header('x-api-key') !== undefined;
  if (isAnthropic || /^claude-(?:code|cli)\//.test(header('user-agent') ?? '')) return 'anthropic';
  return header('authorization') === undefined ? 'anthropic' : 'openai';
}
