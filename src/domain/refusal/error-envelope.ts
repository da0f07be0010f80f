import type { ErrorFacts } from '../failures/error-body.ts';

/** Statuses, Anthropic's error types, and the names that other providers give to the same things (docs/protocols.md §7). */

export type AnthropicErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'conflict_error'
  | 'api_error'
  | 'overloaded_error';

const TYPE_OF_STATUS: Readonly<Record<number, AnthropicErrorType>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

/** Anthropic's type for a status: the listed ones, other 4xx `invalid_request_error`, all else `api_error`. */
export function errorTypeOf(status: number): AnthropicErrorType {
  return TYPE_OF_STATUS[status] ?? (status >= 400 && status < 500 ? 'invalid_request_error' : 'api_error');
}

/** Types and codes (lower case) of Anthropic, OpenAI, Google, GLM and gateways → the status they stand for. */
const STATUS_OF_NAME: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  invalid_request: 400,
  invalid_argument: 400,
  invalidparameter: 400,
  unsupported_parameter: 400,
  unsupported_value: 400,
  context_length_exceeded: 400,
  exceed_context_size_error: 400,
  content_filter: 400,
  content_policy_violation: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  unauthenticated: 401,
  unauthorized: 401,
  billing_error: 402,
  insufficient_quota: 402,
  insufficient_user_quota: 402,
  permission_error: 403,
  permission_denied: 403,
  not_found_error: 404,
  model_not_found: 404,
  not_found: 404,
  timeout_error: 408,
  conflict_error: 409,
  request_too_large: 413,
  request_too_large_error: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  rate_limit: 429,
  too_many_requests: 429,
  resource_exhausted: 429,
  api_error: 500,
  server_error: 500,
  internal_server_error: 500,
  internal_error: 500,
  internal: 500,
  bad_gateway: 502,
  service_unavailable: 503,
  unavailable: 503,
  gateway_timeout: 504,
  overloaded_error: 529,
  overloaded: 529,
  server_overloaded: 529,
  engine_overloaded_error: 529,
  // GLM's numbers: content, rate and concurrency, balance, unknown model, parameter, prompt too long.
  1301: 400,
  1302: 429,
  1303: 429,
  1305: 429,
  1113: 402,
  1211: 404,
  1214: 400,
  1261: 400,
};

/** The status that an error's own words stand for: its code (a number, or a known name) before its type. */
export function statusOfError(error: Pick<ErrorFacts, 'type' | 'code'>): number | undefined {
  return statusOfName(error.code) ?? statusOfName(error.type);
}

function statusOfName(name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  const known = Object.hasOwn(STATUS_OF_NAME, name.toLowerCase())
    ? STATUS_OF_NAME[name.toLowerCase()]
    : undefined;
  return known ?? (/^[45]\d\d$/.test(name) ? Number(name) : undefined);
}

/** What the older products told of a provider in their errors. */
export interface ProviderErrorKeys {
  readonly provider: string | null;
  readonly provider_message: string | null;
  readonly provider_code: string | null;
}

/** Anthropic's error envelope as JSON text; with `keys`, what they tell beside its type and message. */
export function errorBody(
  type: string,
  message: string,
  requestId?: string,
  keys?: ProviderErrorKeys,
): string {
  const envelope = { type: 'error', error: { type, message, ...keys } };
  return JSON.stringify(requestId === undefined ? envelope : { ...envelope, request_id: requestId });
}
