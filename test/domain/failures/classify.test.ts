import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classifyErrorPayload,
  classifyResponse,
  type FailedResponse,
} from '../../../src/domain/failures/classify.ts';
import { FAILURE_KINDS, type FailureKind } from '../../../src/domain/failures/outcome.ts';
import type { UnhealthyLists } from '../../../src/domain/settings/settings.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const NO_LISTS: UnhealthyLists = {
  httpCodes: [],
  errorTypes: [],
  exceptionPatterns: [],
  responseBodyPatterns: [],
};

function classify(status: number, body: unknown = '', over: Partial<FailedResponse> = {}) {
  return classifyResponse({
    status,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: [],
    credential: 'own',
    endpoint: 'messages',
    now: NOW,
    lists: NO_LISTS,
    ...over,
  });
}

const anthropic = (type: string, message: string) => ({ type: 'error', error: { type, message } });
const openai = (code: string | number | null, message: string, type?: string) => ({
  error: { message, type, code },
});
const HTML_404 = '<html><head><title>404 Not Found</title></head><body><h1>404</h1></body></html>';

describe('The rows of the failure table, by status', () => {
  const rows: [status: number, body: unknown, kind: FailureKind][] = [
    [500, anthropic('api_error', 'Internal server error'), 'server_error'],
    [501, '', 'server_error'],
    [502, '<html><head><title>502 Bad Gateway</title></head></html>', 'server_error'],
    [504, 'upstream request timeout', 'server_error'],
    [505, '', 'server_error'],
    [520, '', 'server_error'],
    [521, '', 'server_error'],
    [522, '', 'server_error'],
    [523, '', 'server_error'],
    [524, '', 'server_error'],
    [599, '', 'server_error'],
    [500, anthropic('overloaded_error', 'Overloaded'), 'overloaded'],
    [503, anthropic('api_error', 'down'), 'overloaded'],
    [503, '', 'overloaded'],
    [529, anthropic('overloaded_error', 'Overloaded'), 'overloaded'],
    [429, anthropic('rate_limit_error', 'Too many requests'), 'burst_limited'],
    [429, '', 'burst_limited'],
    [402, '', 'quota'],
    [401, anthropic('authentication_error', 'invalid x-api-key'), 'credentials'],
    [403, anthropic('permission_error', 'Request not allowed'), 'credentials'],
    [403, '<html><title>Attention Required! | Cloudflare</title>security policy</html>', 'credentials'],
    [404, anthropic('not_found_error', 'model: claude-x'), 'model_missing'],
    [404, HTML_404, 'model_missing'],
    [408, '', 'timeout_like'],
    [409, anthropic('conflict_error', 'again'), 'timeout_like'],
    [425, '', 'timeout_like'],
    [413, '<html><title>413 Request Entity Too Large</title></html>', 'too_large'],
    [413, anthropic('request_too_large', 'Request exceeds the maximum size'), 'too_large'],
    [400, anthropic('invalid_request_error', 'something about the request'), 'refused'],
    [422, { detail: [{ loc: ['body', 'x'], msg: 'value is not a valid integer' }] }, 'refused'],
    [405, '', 'refused'],
    [415, '', 'refused'],
    [418, 'teapot', 'refused'],
    [451, '', 'refused'],
    [204, '', 'not_an_answer'],
    [301, '', 'not_an_answer'],
    [302, '', 'not_an_answer'],
    [307, '', 'not_an_answer'],
    [308, '', 'not_an_answer'],
    [304, '', 'not_an_answer'],
    [600, '', 'not_an_answer'],
  ];
  it.each(rows)('%i with %j is %s', (status, body, kind) => {
    const failure = classify(status, body);
    expect(failure.kind).toBe(kind);
    expect(failure.status).toBe(status);
    expect(failure.phase).toBe('headers');
    expect(failure.as).toBeUndefined();
  });
});

describe('The rows of the failure table, by words', () => {
  const rows: [status: number, message: string, kind: FailureKind][] = [
    [400, 'messages.1.content.0: Invalid `signature` in `thinking` block', 'foreign_signature'],
    [400, 'Invalid signature in thinking block', 'foreign_signature'],
    [400, 'messages.3.content.0.thinking.signature: Field required', 'foreign_signature'],
    [400, 'prompt is too long: 210000 tokens > 200000 maximum', 'refused'],
    [400, 'input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000', 'refused'],
    [403, 'Your input was flagged by moderation', 'refused'],
    [403, 'This request violates our usage policy', 'refused'],
    [403, '内容包含敏感词', 'refused'],
    [403, 'The user input was blocked by our content policy', 'refused'],
    [400, 'This organization has been disabled.', 'credentials'],
    [403, 'Your account was disabled for violating our usage policy', 'credentials'],
    [403, 'OAuth token has been revoked', 'credentials'],
    [400, 'API key not valid. Please pass a valid API key.', 'credentials'],
  ];
  it.each(rows)('%i "%s" is %s', (status, message, kind) => {
    expect(classify(status, anthropic('invalid_request_error', message)).kind).toBe(kind);
    expect(classify(status, openai(null, message)).kind).toBe(kind);
    expect(classify(status, { detail: message }).kind).toBe(kind);
    expect(classify(status, { error: message }).kind).toBe(kind);
    expect(classify(status, message).kind).toBe(kind);
  });
});

describe('Phrases that say that the account is empty', () => {
  const phrases = [
    'Insufficient credits',
    'insufficient_quota',
    'insufficient_user_quota',
    'Insufficient Balance',
    'Insufficient account balance',
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.',
    'quota exceeded',
    'quota_exceeded',
    'Your monthly quota has been exceeded',
    'You exceeded your current quota, please check your plan and billing details.',
    'You have exceeded your monthly included quota',
    'This request requires more credits, or fewer max_tokens.',
    'out of credits',
    "You're out of extra usage. Add more to keep going.",
    'user quota is not enough',
    'token quota is not enough, token remain quota: 0',
    'Billing hard limit has been reached',
    'You have reached your specified API usage limits.',
    'Your subscription has expired',
    'no available token',
    '没有可用token',
    '没有可用 Token，请稍后再试',
    '余额不足，请充值',
    '账户余额不足',
    '该令牌额度已用尽',
    '用户额度不足，剩余额度: 0',
    '预扣费额度失败',
    '账户已欠费',
    '套餐已过期',
  ];
  it.each(phrases)('"%s" is quota under any non-2xx status', (phrase) => {
    for (const status of [400, 401, 402, 403, 404, 422, 429, 500, 503])
      expect(classify(status, anthropic('api_error', phrase)).kind).toBe('quota');
    expect(classify(403, JSON.stringify({ message: phrase.toUpperCase() })).kind).toBe('quota');
    expect(classify(403, phrase).kind).toBe('quota');
  });

  it('escaped Chinese text is read as well', () => {
    expect(classify(500, '{"error":{"message":"\\u6ca1\\u6709\\u53ef\\u7528token"}}').kind).toBe('quota');
  });

  it('a phrase in a field beside the message counts', () => {
    expect(classify(403, { error_type: 'quota_exceeded', message: 'no' }).kind).toBe('quota');
    expect(
      classify(502, {
        error: { message: 'Provider returned error', metadata: { raw: 'Insufficient credits' } },
      }).kind,
    ).toBe('quota');
  });

  it('a quota of requests per minute is a burst, not an empty account', () => {
    const text = 'Quota exceeded for quota metric: requests per minute per base model';
    expect(classify(429, openai(429, text, 'RESOURCE_EXHAUSTED')).kind).toBe('burst_limited');
  });

  it.each([
    'tools.0.name: get_quota exceeded 64 characters',
    'messages.4.content: the balance sheet is not a valid image',
    'max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens',
    'metadata.credits: Extra inputs are not permitted',
  ])('"%s" is not quota', (text) => {
    expect(classify(400, anthropic('invalid_request_error', text)).kind).toBe('refused');
  });

  it('what a validation error repeats of the request is not read', () => {
    const body = { detail: [{ loc: ['body', 'messages'], msg: 'bad', input: 'Insufficient credits' }] };
    expect(classify(422, body).kind).toBe('refused');
  });
});

describe('Phrases that say that the model is not there', () => {
  const phrases = [
    'The model `gpt-9` does not exist or you do not have access to it.',
    'model not found',
    'Model Not Exist',
    'model "qwen3" not found, try pulling it first',
    "model 'claude-opus-5-5' not found",
    'model: claude-opus-5-5 not found',
    'The requested model is not supported.',
    'Model claude-opus-5-5 is not supported',
    "The 'gpt-5-codex' model is not supported when using Codex with a ChatGPT account.",
    'model claude-opus-5-5 is not available in your plan',
    'The model claude-opus-5-5 is currently not available',
    'This model is not included in your current plan',
    'claude-opus-5-5 is not a valid model ID',
    'unknown model: claude-x',
    'Unsupported model `claude-x`',
    'No such model',
    'The model `x` has been decommissioned and is no longer supported.',
    '模型 claude-x 已禁用',
    'model_not_found',
    'no available model',
    'No available channel for model claude-x under group default',
    'You do not have access to the model claude-x',
    'This token has no access to model claude-x',
    'The provided model identifier is invalid.',
    'Invocation of model ID anthropic.claude-x with on-demand throughput isn’t supported.',
    '无可用模型',
    '没有可用模型',
    '当前分组 default 下对于模型 claude-x 无可用渠道',
    '模型 claude-x 不存在',
    '不支持该模型',
    '该令牌无权访问模型 claude-x',
  ];
  it.each(phrases)('"%s" is model_missing under 400 and 403', (phrase) => {
    for (const status of [400, 403, 404]) {
      expect(classify(status, anthropic('invalid_request_error', phrase)).kind).toBe('model_missing');
      expect(classify(status, phrase).kind).toBe('model_missing');
    }
    expect(classify(400, { error: { message: phrase.toUpperCase() } }).kind).toBe('model_missing');
  });

  it.each(['无可用模型', 'no available model', '当前分组 default 下对于模型 x 无可用渠道'])(
    '"%s" is model_missing under any status',
    (phrase) => {
      for (const status of [401, 422, 429, 500, 503])
        expect(classify(status, anthropic('api_error', phrase)).kind).toBe('model_missing');
    },
  );

  it('a model that is not found under 500 or 503 is the trouble of the status', () => {
    expect(classify(500, anthropic('api_error', 'model not found')).kind).toBe('server_error');
    expect(classify(503, anthropic('api_error', 'The model is not available')).kind).toBe('overloaded');
  });

  it.each([
    'tool `x` does not exist',
    'Tool `model` does not exist',
    'thinking is not supported',
    'thinking is not supported by this model',
    '`thinking` is not supported with this model',
    "Unsupported parameter: 'temperature' is not supported with this model.",
    "tool_choice 'any' is not supported for model claude-x",
    'This model does not support image input',
    'Model claude-x is not supported with extended thinking',
    'The model is not available for batch processing',
    "This model's maximum context length is 200000 tokens. However, you requested 210000 tokens.",
    'The long context beta is not yet available for this subscription.',
    'Extended thinking is not available on your plan',
    'file model.bin does not exist',
    'messages.2.content.0.source: file not found',
    'container not found',
    'Invalid model output schema',
    'adaptive thinking is not supported on this model',
    'Unsupported value: temperature does not support 0.3 with this model',
  ])('"%s" is not model_missing', (text) => {
    expect(classify(400, anthropic('invalid_request_error', text)).kind).toBe('refused');
  });
});

describe('Refusals that no provider could mend', () => {
  it.each([
    'messages.3: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
    'messages.0.content.1: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
    'messages: roles must alternate between "user" and "assistant", but found multiple "user" roles in a row',
    'messages: first message must use the "user" role',
    'messages: at least one message is required',
    'messages: Field required',
    'messages.1: `tool_use` ids must be unique',
    'max_tokens: Input should be greater than or equal to 1',
    'max_tokens: must be greater than or equal to 1',
  ])('"%s"', (text) => {
    const failure = classify(400, anthropic('invalid_request_error', text), {
      headers: ['retry-after', '5'],
    });
    expect(failure.kind).toBe('refused_for_sure');
    expect(classify(422, anthropic('invalid_request_error', text)).kind).toBe('refused');
  });

  it.each([
    'Conversation roles must alternate user/assistant/user/assistant/...',
    'max_tokens must be at least 1, got -186',
    "messages.1.role: Input should be 'user' or 'assistant'",
    'messages: text content blocks must be non-empty',
    'context_management: Extra inputs are not permitted',
  ])('"%s" may be accepted elsewhere', (text) => {
    expect(classify(400, anthropic('invalid_request_error', text)).kind).toBe('refused');
  });
});

describe('Which row wins where several fit', () => {
  const window = ['Retry-After', '30'];
  it('a stated window makes 429, 503 and 529 rate_limited', () => {
    for (const status of [429, 503, 529]) {
      const failure = classify(status, anthropic('overloaded_error', 'Overloaded'), { headers: window });
      expect(failure.kind).toBe('rate_limited');
      expect(failure.window).toEqual({ until: NOW + 30_000, scope: 'pair', source: 'retry-after' });
    }
  });

  it('a stated window under any other status makes nothing rate_limited', () => {
    for (const status of [400, 401, 403, 404, 408, 500, 502, 504])
      expect(classify(status, '', { headers: window }).kind).not.toBe('rate_limited');
    expect(classify(500, '', { headers: window }).window).toBeUndefined();
  });

  it('a stated window stands above a quota phrase', () => {
    const body = anthropic('rate_limit_error', 'quota exceeded');
    expect(classify(429, body, { headers: window }).kind).toBe('rate_limited');
    expect(classify(429, body).kind).toBe('quota');
  });

  it.each([400, 404, 409])(
    'a thread that the server does not hold is the request’s own affair, under %i',
    (status) => {
      const details = { error_code: 'thread_not_found' };
      const body = {
        type: 'error',
        error: { type: 'not_found_error', message: 'Thread not found', details },
      };
      expect(classify(status, body).kind).toBe('refused');
      expect(classify(529, body).kind).toBe('overloaded');
    },
  );

  it('a quota phrase stands above a missing model, and both above the status', () => {
    expect(classify(403, openai(null, 'model not found: Insufficient credits')).kind).toBe('quota');
    expect(classify(403, openai(null, 'model not found')).kind).toBe('model_missing');
    expect(classify(404, openai(null, 'Insufficient credits')).kind).toBe('quota');
  });

  it('a quota that names its return keeps it', () => {
    const failure = classify(402, '', { headers: window });
    expect(failure).toMatchObject({ kind: 'quota', window: { until: NOW + 30_000 } });
    const text =
      'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.';
    expect(classify(400, anthropic('invalid_request_error', text))).toMatchObject({
      kind: 'quota',
      window: { until: Date.parse('2026-12-01T00:00:00Z') },
    });
  });

  it('unified headers speak under 429 only', () => {
    const headers = [
      'anthropic-ratelimit-unified-status',
      'rejected',
      'anthropic-ratelimit-unified-5h-status',
      'rejected',
      'anthropic-ratelimit-unified-5h-reset',
      String(NOW / 1000 + 3600),
    ];
    expect(classify(429, '', { headers })).toMatchObject({
      kind: 'rate_limited',
      window: { scope: 'provider' },
    });
    expect(classify(529, '', { headers }).kind).toBe('overloaded');
  });

  it('a burst that forbids retries keeps that word', () => {
    expect(classify(429, '', { headers: ['X-Should-Retry', 'false'] })).toMatchObject({
      kind: 'burst_limited',
      noRetry: true,
    });
    expect(classify(429, '', { headers: ['X-Should-Retry', 'true'] })).not.toHaveProperty('noRetry');
  });

  it('a precise type stands above a vague status', () => {
    expect(classify(400, anthropic('rate_limit_error', 'slow down')).kind).toBe('burst_limited');
    expect(classify(400, anthropic('overloaded_error', 'busy')).kind).toBe('overloaded');
    expect(classify(400, openai('invalid_api_key', 'wrong', 'invalid_request_error')).kind).toBe(
      'credentials',
    );
    expect(classify(498, openai('rate_limit_exceeded', 'capacity')).kind).toBe('burst_limited');
    expect(classify(400, anthropic('api_error', 'odd')).kind).toBe('refused');
    expect(classify(413, openai('rate_limit_exceeded', 'Request too large: TPM', 'tokens')).kind).toBe(
      'too_large',
    );
  });
});

describe('Under the client’s own credential', () => {
  const passthrough = { credential: 'passthrough' } as const;
  it('401 and 403 speak against nobody', () => {
    expect(classify(401, '', passthrough).kind).toBe('client_credentials');
    expect(classify(403, anthropic('permission_error', 'no'), passthrough).kind).toBe('client_credentials');
  });
  it('a missing model, a policy and an empty account stay what they are', () => {
    expect(classify(403, 'model not found', passthrough).kind).toBe('model_missing');
    expect(classify(403, 'flagged by moderation', passthrough).kind).toBe('refused');
    expect(classify(403, 'Insufficient credits', passthrough).kind).toBe('quota');
  });
});

describe('The users’ lists only add', () => {
  const lists: UnhealthyLists = {
    httpCodes: [400, 401, 402, 403, 404, 405, 408, 413, 418, 429, 503],
    errorTypes: ['upstream_gone', 'invalid_request_error', 'no luck today'],
    exceptionPatterns: ['connection'],
    responseBodyPatterns: [/weird.*hiccup/gi],
  };
  const listed = (status: number, body: unknown) => classify(status, body, { lists }).kind;

  it('a code the table knows keeps its row', () => {
    for (const status of [400, 401, 402, 403, 404, 408, 413, 429, 503])
      expect(listed(status, '')).toBe(classify(status).kind);
  });
  it('a 4xx the table does not know becomes a server_error', () => {
    expect(listed(405, '')).toBe('server_error');
    expect(listed(418, 'teapot')).toBe('server_error');
    expect(listed(415, '')).toBe('refused');
  });
  it('a pattern makes an otherwise unknown refusal a server_error, every time', () => {
    for (let round = 0; round < 3; round += 1)
      expect(listed(400, 'a Weird little hiccup')).toBe('server_error');
  });
  it('a named type or code, or words of the text, do the same', () => {
    expect(listed(400, anthropic('upstream_gone', 'x'))).toBe('server_error');
    expect(listed(400, openai('UPSTREAM_GONE', 'x'))).toBe('server_error');
    expect(listed(400, 'We have No Luck today, sorry')).toBe('server_error');
    expect(listed(400, 'the upstream_gone is only text')).toBe('refused');
  });
  it('a type that the table knows keeps its row', () => {
    expect(listed(400, anthropic('invalid_request_error', 'x'))).toBe('refused');
  });
  it.each([
    'prompt is too long: 210000 tokens > 200000 maximum, weird hiccup',
    'weird hiccup: Extra inputs are not permitted',
    'messages: at least one message is required, weird hiccup',
    'Invalid signature in thinking block, weird hiccup',
  ])('a refusal the table knows well is not overruled: %s', (text) => {
    expect(listed(400, text)).not.toBe('server_error');
  });
  it('credentials, windows, quota and missing models are not overruled', () => {
    expect(listed(401, 'weird hiccup')).toBe('credentials');
    expect(listed(404, 'weird hiccup')).toBe('model_missing');
    expect(listed(413, 'weird hiccup')).toBe('too_large');
  });
  it('patterns for exceptions are not looked for in answers', () => {
    expect(listed(400, 'connection')).toBe('refused');
  });
});

describe('Side endpoints', () => {
  it('404, 405 and 501 mean that the endpoint is not there', () => {
    for (const endpoint of ['count_tokens', 'models'] as const)
      for (const status of [404, 405, 501]) {
        const failure = classify(status, '', { endpoint });
        expect(failure.kind).toBe('endpoint_missing');
        expect(failure.as).toBeUndefined();
      }
  });
  it('any other failure names the row whose cooldown applies', () => {
    const kinds: [number, FailureKind][] = [
      [400, 'refused'],
      [401, 'credentials'],
      [429, 'burst_limited'],
      [500, 'server_error'],
      [529, 'overloaded'],
      [302, 'not_an_answer'],
    ];
    for (const [status, as] of kinds)
      expect(classify(status, '', { endpoint: 'count_tokens' })).toMatchObject({
        kind: 'endpoint_missing',
        as,
      });
  });
  it('a stated window is kept', () => {
    const failure = classify(429, '', { endpoint: 'count_tokens', headers: ['retry-after', '9'] });
    expect(failure).toMatchObject({
      kind: 'endpoint_missing',
      as: 'rate_limited',
      window: { until: NOW + 9000 },
    });
  });
});

describe('An error under 200', () => {
  const payload = (body: unknown, over: object = {}) =>
    classifyErrorPayload({
      raw: typeof body === 'string' ? body : JSON.stringify(body),
      headers: [],
      credential: 'own',
      endpoint: 'messages',
      now: NOW,
      lists: NO_LISTS,
      ...over,
    });
  const rows: [body: unknown, kind: FailureKind][] = [
    [anthropic('overloaded_error', 'Overloaded'), 'overloaded'],
    [anthropic('api_error', 'Internal'), 'server_error'],
    [anthropic('rate_limit_error', 'slow'), 'burst_limited'],
    [anthropic('authentication_error', 'no'), 'credentials'],
    [anthropic('permission_error', 'no'), 'credentials'],
    [anthropic('billing_error', 'pay'), 'quota'],
    [anthropic('not_found_error', 'model: x'), 'model_missing'],
    [anthropic('invalid_request_error', 'odd'), 'refused'],
    [anthropic('invalid_request_error', 'messages: at least one message is required'), 'refused_for_sure'],
    [anthropic('invalid_request_error', 'Invalid signature in thinking block'), 'foreign_signature'],
    [anthropic('request_too_large', 'big'), 'too_large'],
    [anthropic('timeout_error', 'late'), 'timeout_like'],
    [anthropic('never_heard_of', 'x'), 'server_error'],
    [openai('insufficient_quota', 'x', 'insufficient_quota'), 'quota'],
    [openai('rate_limit_exceeded', 'x', 'tokens'), 'burst_limited'],
    [openai('invalid_api_key', 'x', 'invalid_request_error'), 'credentials'],
    [openai('context_length_exceeded', 'x', 'invalid_request_error'), 'refused'],
    [openai('model_not_found', 'x', 'invalid_request_error'), 'model_missing'],
    [openai('1302', '并发过高'), 'burst_limited'],
    [openai('1113', '余额'), 'quota'],
    [openai(402, 'x'), 'quota'],
    [openai(429, 'Provider returned error'), 'burst_limited'],
    [openai(503, 'x'), 'overloaded'],
    [openai(502, 'x'), 'server_error'],
    [openai('429', 'x'), 'burst_limited'],
    [{ error: 'something broke' }, 'server_error'],
    [{ error: 'The number of tokens exceeds the context length' }, 'refused'],
    [{ error: { message: '没有可用token' } }, 'quota'],
    [{ error: { message: '无可用模型' } }, 'model_missing'],
    [{ error: null }, 'server_error'],
    ['', 'server_error'],
    ['{"error', 'server_error'],
  ];
  it.each(rows)('%j is %s', (body, kind) => {
    expect(payload(body)).toMatchObject({ kind, phase: 'first_content', status: 200 });
  });
  it('keeps a reset time that it names', () => {
    expect(payload(anthropic('rate_limit_error', 'Please try again in 20s'))).toMatchObject({
      kind: 'rate_limited',
      window: { until: NOW + 20_000 },
    });
  });
  it('after the commit it is cut_late', () => {
    expect(payload(anthropic('overloaded_error', 'x'), { phase: 'streaming' }).kind).toBe('cut_late');
  });
  it('says in its detail that the status was 200', () => {
    expect(payload(anthropic('overloaded_error', 'Overloaded')).detail).toBe(
      '200 overloaded_error: Overloaded (an error under 200)',
    );
  });
});

describe('The detail', () => {
  it('names status, type and message', () => {
    expect(classify(429, anthropic('rate_limit_error', 'Too\n many   requests')).detail).toBe(
      '429 rate_limit_error: Too many requests',
    );
  });
  it('reduces a page to its title', () => {
    const page = '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>';
    expect(classify(502, page).detail).toBe('502 Bad Gateway (HTML page)');
  });
  it('says when there was nothing', () => {
    expect(classify(500, '').detail).toBe('500 (empty body)');
  });
  it('shows no credential and no user part of an address', () => {
    const { detail } = classify(
      401,
      anthropic(
        'authentication_error',
        'key sk-ant-api03-abcdef123456 at https://me:secret@host/x, Bearer abc.def-ghi12345',
      ),
    );
    expect(detail).not.toMatch(/sk-ant|abcdef123456|secret|abc\.def/);
    expect(detail).toContain('https://host/x');
  });
  it('keeps provider text short', () => {
    expect(classify(500, 'x'.repeat(100_000)).detail.length).toBeLessThanOrEqual(320);
  });
});

describe('Whatever comes', () => {
  const anyBody = fc.oneof(
    fc.string({ maxLength: 500 }),
    fc.json(),
    fc.json().map((json) => `{"error":${json}}`),
    fc.constantFrom(
      '<html>',
      '[[[[',
      '{"error":{"message":{}}}',
      '{"__proto__":{"error":1}}',
      '[]',
      'null',
      '""',
    ),
  );
  it('gives a known kind and never throws', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999 }),
        anyBody,
        fc.array(fc.string()),
        (status, body, headers) => {
          const failure = classify(status, body, { headers });
          expect(FAILURE_KINDS).toContain(failure.kind);
          expect(failure.detail.length).toBeLessThanOrEqual(400);
          if (failure.window !== undefined) expect(failure.window.until).toBeGreaterThan(NOW);
        },
      ),
    );
  });
  it('a long hostile body is judged quickly', () => {
    for (const piece of [
      '{"a":',
      'model ',
      'model a:a ',
      '<',
      '"resets_at":',
      '1d',
      'your account ',
      '\\"',
      'quota ',
    ])
      expect(FAILURE_KINDS).toContain(classify(400, piece.repeat(20_000)).kind);
  });
});
