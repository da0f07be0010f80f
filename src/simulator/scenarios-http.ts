import { apiError, errorBody, htmlError, openaiError } from './errors.ts';
import type { Scenario } from './scenario.ts';

/** Three days: longer than any cooldown, as accounts that are used up say it. */
const FAR = { inSeconds: 3 * 24 * 3600 } as const;
const UNIFIED = 'anthropic-ratelimit-unified';

const CREDIT = 'Your credit balance is too low to access the Anthropic API.';
const MODEL = 'model: claude-sonnet-5-5';
const SIGNATURE = 'messages.1.content.0: Invalid `signature` in `thinking` block';
const ORPHAN =
  'messages.2: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. Each `tool_use` block must have a corresponding `tool_result` block in the next message.';
const LIMITED = 'This request would exceed your rate limit.';

/** Answers with an error status, a redirect, or without content. */
export const HTTP_SCENARIOS = {
  bad_request: {
    about: '400 of unknown cause',
    behaviour: apiError(400, 'invalid_request_error', 'temperature: Extra inputs are not permitted'),
    expected: 'refused',
    anyForm: true,
  },
  prompt_too_long: {
    about: '400, the prompt does not fit this provider',
    behaviour: apiError(400, 'invalid_request_error', 'prompt is too long: 213462 tokens > 200000 maximum'),
    expected: 'refused',
    anyForm: true,
  },
  orphaned_tool_use: {
    about: '400 that every provider would give',
    behaviour: apiError(400, 'invalid_request_error', ORPHAN),
    expected: 'refused_for_sure',
    anyForm: true,
  },
  foreign_signature: {
    about: '400, a thinking block was signed by another provider',
    behaviour: apiError(400, 'invalid_request_error', SIGNATURE),
    expected: 'foreign_signature',
    anyForm: true,
  },
  insufficient_credits: {
    about: '400 Insufficient credits',
    behaviour: apiError(400, 'invalid_request_error', 'Insufficient credits'),
    expected: 'quota',
    anyForm: true,
  },
  credit_balance: {
    about: '400, the credit balance is too low',
    behaviour: apiError(400, 'invalid_request_error', CREDIT),
    expected: 'quota',
    anyForm: true,
  },
  no_available_model: {
    about: '400 无可用模型 (no model available)',
    behaviour: apiError(400, 'invalid_request_error', '无可用模型'),
    expected: 'model_missing',
    anyForm: true,
  },
  no_available_token: {
    about: '400 没有可用token (no token available)',
    behaviour: apiError(400, 'invalid_request_error', '没有可用token'),
    expected: 'quota',
    anyForm: true,
  },
  unauthorized: {
    about: '401',
    behaviour: apiError(401, 'authentication_error', 'invalid x-api-key'),
    expected: 'credentials',
    anyForm: true,
  },
  echoed_key: {
    about: '401 whose text repeats the key',
    behaviour: { kind: 'echo', status: 401 },
    expected: 'credentials',
    anyForm: true,
  },
  payment_required: {
    about: '402',
    behaviour: apiError(402, 'billing_error', 'Payment required'),
    expected: 'quota',
    anyForm: true,
  },
  forbidden: {
    about: '403',
    behaviour: apiError(
      403,
      'permission_error',
      'Your API key does not have permission to use this resource',
    ),
    expected: 'credentials',
    anyForm: true,
  },
  challenge_page: {
    about: '403, an HTML challenge of a CDN',
    behaviour: htmlError(403, 'Just a moment...'),
    expected: 'credentials',
    anyForm: true,
  },
  not_found: {
    about: '404, no such model',
    behaviour: apiError(404, 'not_found_error', MODEL),
    expected: 'model_missing',
    anyForm: true,
  },
  request_timeout: {
    about: '408',
    behaviour: apiError(408, 'timeout_error', 'Request timeout'),
    expected: 'timeout_like',
    anyForm: true,
  },
  conflict: {
    about: '409',
    behaviour: apiError(409, 'conflict_error', 'Conflict'),
    expected: 'timeout_like',
    anyForm: true,
  },
  too_large: {
    about: '413, an HTML page of a gateway with a limit of its own',
    behaviour: htmlError(413, '413 Request Entity Too Large'),
    expected: 'too_large',
    anyForm: true,
  },
  too_large_unread: {
    about: '413 before the body was read, then closed',
    behaviour: { ...htmlError(413, '413 Request Entity Too Large'), readBody: 'never' },
    expected: 'too_large',
    anyForm: true,
  },
  unprocessable: {
    about: '422',
    behaviour: {
      kind: 'http',
      status: 422,
      body: { detail: [{ loc: ['body', 'top_k'], msg: 'not permitted' }] },
    },
    expected: 'refused',
    anyForm: true,
  },
  burst_limit: {
    about: '429 without a word about when',
    behaviour: apiError(429, 'rate_limit_error', LIMITED),
    expected: 'burst_limited',
    anyForm: true,
  },
  rate_limit: {
    about: '429, retry-after: 3600',
    behaviour: apiError(429, 'rate_limit_error', LIMITED, { 'retry-after': '3600' }),
    expected: 'rate_limited',
    anyForm: true,
  },
  rate_limit_date: {
    about: '429, retry-after as a date far ahead',
    behaviour: {
      ...apiError(429, 'rate_limit_error', LIMITED),
      times: { 'retry-after': { ...FAR, as: 'http_date' } },
    },
    expected: 'rate_limited',
    anyForm: true,
  },
  rate_limit_unified: {
    about: '429, the account’s seven-day window is used up until far ahead',
    behaviour: {
      ...apiError(429, 'rate_limit_error', LIMITED, {
        [`${UNIFIED}-status`]: 'rejected',
        [`${UNIFIED}-representative-claim`]: 'seven_day',
        [`${UNIFIED}-7d-status`]: 'rejected',
        [`${UNIFIED}-5h-status`]: 'allowed',
      }),
      times: {
        [`${UNIFIED}-reset`]: { ...FAR, as: 'unix_seconds' },
        [`${UNIFIED}-7d-reset`]: { ...FAR, as: 'unix_seconds' },
      },
    },
    expected: 'rate_limited',
    anyForm: true,
  },
  rate_limit_tokens: {
    about: '429, the tokens of this minute are used up',
    behaviour: {
      ...apiError(429, 'rate_limit_error', LIMITED, {
        'anthropic-ratelimit-requests-remaining': '10',
        'anthropic-ratelimit-input-tokens-remaining': '0',
      }),
      times: {
        'anthropic-ratelimit-requests-reset': { inSeconds: 1, as: 'iso_date' },
        'anthropic-ratelimit-input-tokens-reset': { inSeconds: 30, as: 'iso_date' },
      },
    },
    expected: 'rate_limited',
    anyForm: true,
  },
  internal_server_error: {
    about: '500',
    behaviour: apiError(500, 'api_error', 'Internal server error'),
    expected: 'server_error',
    anyForm: true,
  },
  internal_server_error_gzip: {
    about: '500 with a gzipped body',
    behaviour: { ...apiError(500, 'api_error', 'Internal server error'), encoding: 'gzip' },
    expected: 'server_error',
    anyForm: true,
  },
  internal_server_error_empty: {
    about: '500 without a body',
    behaviour: { kind: 'http', status: 500 },
    expected: 'server_error',
    anyForm: true,
  },
  openai_error: {
    about: '500 in OpenAI’s envelope',
    behaviour: openaiError(500, 'server_error', 'The server had an error while processing your request.'),
    expected: 'server_error',
    anyForm: true,
  },
  bad_gateway: {
    about: '502, an HTML page',
    behaviour: htmlError(502, '502 Bad Gateway'),
    expected: 'server_error',
    anyForm: true,
  },
  service_unavailable: {
    about: '503',
    behaviour: apiError(503, 'api_error', 'Service unavailable'),
    expected: 'overloaded',
    anyForm: true,
  },
  gateway_timeout: {
    about: '504, an HTML page',
    behaviour: htmlError(504, '504 Gateway Time-out'),
    expected: 'server_error',
    anyForm: true,
  },
  web_server_error: {
    about: '520 of a CDN',
    behaviour: htmlError(520, 'Web server is returning an unknown error'),
    expected: 'server_error',
    anyForm: true,
  },
  cdn_timeout: {
    about: '524 of a CDN',
    behaviour: htmlError(524, 'A timeout occurred'),
    expected: 'server_error',
    anyForm: true,
  },
  overloaded: {
    about: '529',
    behaviour: apiError(529, 'overloaded_error', 'Overloaded'),
    expected: 'overloaded',
    anyForm: true,
  },
  redirect: {
    about: '307 to another address',
    behaviour: { kind: 'http', status: 307, headers: { location: 'http://127.0.0.1:9/v1/messages' } },
    expected: 'not_an_answer',
    anyForm: true,
  },
  no_content: {
    about: '204',
    behaviour: { kind: 'http', status: 204 },
    expected: 'not_an_answer',
    anyForm: true,
  },
  html_200: {
    about: '200 with an HTML page',
    behaviour: htmlError(200, 'Sign in'),
    expected: 'not_an_answer',
    anyForm: true,
  },
  empty_200: {
    about: '200 without a body',
    behaviour: { kind: 'http', status: 200, headers: { 'content-type': 'text/event-stream' } },
    expected: 'cut_early',
    anyForm: true,
  },
  error_200: {
    about: '200 with a JSON error',
    behaviour: { kind: 'http', status: 200, body: errorBody('overloaded_error', 'Overloaded') },
    expected: 'overloaded',
    anyForm: true,
  },
  openai_error_200: {
    about: '200 with a JSON error in OpenAI’s envelope',
    behaviour: openaiError(200, 'server_error', 'The server had an error while processing your request.'),
    expected: 'server_error',
    anyForm: true,
  },
  truncated_json_200: {
    about: '200 with half a JSON message, closed before its length',
    behaviour: { kind: 'cut', after: 'delta', ends: 'fin', of: { format: 'json' } },
    expected: 'cut_early',
    anyForm: true,
  },
  malformed_json_200: {
    about: '200 with something that is not quite JSON',
    behaviour: {
      kind: 'http',
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"id":"msg_1","type":"message",content:[]}',
    },
    expected: 'not_an_answer',
    anyForm: true,
  },
} as const satisfies Readonly<Record<string, Scenario>>;
