import type { AttemptTrace, RequestTrace } from '../../src/domain/decision/trace.ts';
import type { Failure } from '../../src/domain/failures/outcome.ts';
import type { BalancerEvent, RequestEnded, RequestFacts } from '../../src/telemetry/events.ts';

/** 8 August 2025, 12:00:00.123 UTC. */
export const NOW = Date.UTC(2025, 7, 8, 12, 0, 0, 123);

export const FACTS: RequestFacts = {
  id: 'req_3f2a1b2c9d8e',
  endpoint: 'messages',
  model: 'claude-opus-5-5',
  stream: true,
  session: '1b2c3d4e-0000-4000-8000-000000000000',
  bytes: 49_152,
};

export const RATE_LIMITED: Failure = {
  kind: 'rate_limited',
  phase: 'headers',
  status: 429,
  detail: '429 rate_limit_error: slow down',
};

function attempt(number: number, provider: string, outcome: AttemptTrace['outcome']): AttemptTrace {
  return {
    number,
    candidate: { provider, model: 'claude-opus-5-5', route: '*', priority: 1, weight: 1 },
    mode: 'normal',
    round: 1,
    startedAt: NOW,
    ...(outcome === undefined ? {} : { outcome }),
  };
}

const FAILED_OVER: RequestTrace = {
  decisions: [],
  attempts: [attempt(1, 'GAC', RATE_LIMITED), attempt(2, 'AnyRouter', { kind: 'success' })],
};

export const SERVED: RequestEnded = {
  type: 'request.ended',
  request: FACTS,
  result: 'served',
  status: 200,
  provider: 'AnyRouter',
  model: 'claude-opus-5-5',
  trace: FAILED_OVER,
  usage: { inputTokens: 12_345, outputTokens: 1_234, cacheReadTokens: 11_000 },
  timeToFirstContentMs: 812,
  durationMs: 4_210,
};

/** One event of each type. */
export const ONE_OF_EACH: readonly BalancerEvent[] = [
  { type: 'server.listening', url: 'http://127.0.0.1:9090' },
  { type: 'server.draining', inFlight: 1 },
  { type: 'server.stopped' },
  { type: 'config.loaded', file: '/etc/providers.yaml', providers: 2 },
  {
    type: 'config.reloaded',
    added: ['云雾'],
    removed: [],
    changed: ['GAC', 'AnyRouter'],
    settings: ['log_level', 'auth'],
    routesChanged: true,
    orderChanged: false,
  },
  { type: 'config.rejected', message: 'providers.yaml:3: type must be one of anthropic, openai, zed' },
  { type: 'config.warning', message: 'request_timeout is ignored' },
  { type: 'request.received', request: FACTS, preview: 'Write a poem' },
  {
    type: 'request.attempt_failed',
    request: FACTS,
    provider: 'GAC',
    model: 'claude-opus-5-5',
    attempt: 1,
    failure: RATE_LIMITED,
    afterMs: 300,
  },
  { type: 'request.hint', request: FACTS, message: 'The provider "X" is pinned.' },
  { type: 'request.rejected', requestId: 'req_9', path: '/v1/messages', status: 413, reason: 'too large' },
  SERVED,
  {
    type: 'health.changed',
    provider: 'GAC',
    scope: 'provider',
    from: 'degraded',
    to: 'cooling',
    rule: '2nd counted failure',
    cause: { kind: 'server_error', phase: 'headers', status: 502, detail: '502 Bad Gateway' },
    requestId: 'req_3f2a1b2c9d8e',
    attempt: 1,
    coolingUntil: NOW + 60_000,
  },
  {
    type: 'health.changed',
    provider: 'GAC',
    scope: 'model claude-opus-5-5',
    from: 'cooling',
    to: 'healthy',
    rule: 'operator reset',
  },
  {
    type: 'provider.learned',
    provider: 'GAC',
    model: 'claude-opus-5-5',
    parts: [{ kind: 'beta', name: 'effort-2025-11-24', because: 'Unexpected value(s)' }],
    requestId: 'req_3f2a1b2c9d8e',
  },
  {
    type: 'provider.learned',
    provider: 'OpenRouter',
    model: 'gpt-6',
    parts: [{ kind: 'value', name: 'max_tokens=16384', because: 'max_tokens is too large' }],
    requestId: 'req_3f2a1b2c9d8e',
  },
  {
    type: 'provider.lacks',
    provider: 'OpenRouter',
    model: 'gpt-6',
    parts: ['the tool web_search_20250305, which only Anthropic runs'],
    requestId: 'req_3f2a1b2c9d8e',
  },
  { type: 'provider.operated', provider: 'GAC', action: 'disable' },
  { type: 'auth.refused', requestId: 'req_8', path: '/v1/messages', reason: 'Invalid API key.' },
  { type: 'client.hint', message: 'ANTHROPIC_BASE_URL should not end in /v1.' },
  { type: 'state.warning', message: 'health.json is broken and was left aside' },
  { type: 'tokens.warning', message: 'Tokens could not be counted.' },
  { type: 'fault', message: 'POST /v1/messages failed.', error: new TypeError('x is undefined') },
];
