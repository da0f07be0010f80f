import type { Gate } from './gate.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** What the client shows instead of a credential where the balancer needs none: without any it asks for a login. */
const PLACEHOLDER = 'claude-code-balancer';

/** Where these are set, Claude Code speaks to a cloud's own service, past `ANTHROPIC_BASE_URL`. */
const OTHER_SERVICES = ['CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CODE_USE_VERTEX', 'CLAUDE_CODE_USE_FOUNDRY'];
/** Credentials that are not for the balancer. */
const CREDENTIALS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'];
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];

/**
 * The environment in which Claude Code's requests go to the balancer: it neither asks for a login nor sends the user's
 * credentials where they are of no use. Measured with Claude Code 2.1: `ANTHROPIC_AUTH_TOKEN` is sent as it is, without
 * the question that a key in `ANTHROPIC_API_KEY` brings up. Pure.
 */
export function programEnvironment(env: Variables, gate: Gate): Record<string, string> {
  const result = new Map(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
  for (const name of OTHER_SERVICES) result.delete(name);
  result.set('ANTHROPIC_BASE_URL', gate.url);
  for (const [name, value] of withoutProxy(env, new URL(gate.url).hostname)) result.set(name, value);
  if (!gate.passthrough) {
    for (const name of CREDENTIALS) result.delete(name);
    result.set('ANTHROPIC_AUTH_TOKEN', gate.key ?? PLACEHOLDER);
  } else if (gate.key !== undefined) {
    // The client's own credential has to come too, so ours needs a header of its own.
    const own = env.ANTHROPIC_CUSTOM_HEADERS;
    result.set('ANTHROPIC_CUSTOM_HEADERS', `${own ? `${own}\n` : ''}x-api-key: ${gate.key}`);
  }
  return Object.fromEntries(result);
}

/** A proxy for the world is no way to this machine. */
function withoutProxy(env: Variables, host: string): readonly (readonly [string, string])[] {
  const set = (name: string): boolean => Boolean(env[name]);
  if (!PROXIES.some((name) => set(name) || set(name.toLowerCase()))) return [];
  const before = env.no_proxy || env.NO_PROXY || '';
  const names = before.split(',').map((name) => name.trim());
  if (names.includes('*') || names.includes(host)) return [];
  const value = before === '' ? host : `${before},${host}`;
  return [
    ['NO_PROXY', value],
    ['no_proxy', value],
  ];
}
