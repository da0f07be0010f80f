import { type ErrorFacts, readErrorBody } from '../../domain/failures/error-body.ts';
import { saysModelMissing } from '../../domain/failures/phrases.ts';
import { isRecord } from '../../domain/is-record.ts';
import { parseRecord } from '../../domain/json.ts';
import {
  type AnthropicErrorType,
  errorTypeOf,
  type ProviderErrorKeys,
} from '../../domain/refusal/error-envelope.ts';
import { type Overflow, readOverflow } from '../openai/context-overflow.ts';
import { saidBy } from '../openai/errors.ts';

/** An error as clients of OpenAI read it; with what is told of the provider, where the setting says so. */
export interface ChatError extends Partial<ProviderErrorKeys> {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** OpenAI's type and code for an error of the Messages API. */
const NAMES: Readonly<Record<AnthropicErrorType, readonly [type: string, code: string | null]>> = {
  invalid_request_error: ['invalid_request_error', null],
  authentication_error: ['authentication_error', 'invalid_api_key'],
  billing_error: ['insufficient_quota', 'insufficient_quota'],
  permission_error: ['permission_error', null],
  not_found_error: ['invalid_request_error', null],
  request_too_large: ['invalid_request_error', 'request_too_large'],
  rate_limit_error: ['rate_limit_error', 'rate_limit_exceeded'],
  timeout_error: ['server_error', 'timeout'],
  conflict_error: ['invalid_request_error', null],
  api_error: ['server_error', null],
  overloaded_error: ['server_error', 'overloaded'],
};

/** The envelope as JSON. */
export function chatErrorBody(error: ChatError): string {
  return JSON.stringify({ error });
}

/** An error of our own, in OpenAI's names for its status. */
export function chatErrorOf(
  status: number,
  message: string,
  { param = null, code = null }: Partial<Pick<ChatError, 'param' | 'code'>> = {},
): ChatError {
  const [type, usual] = NAMES[errorTypeOf(status)];
  return { message, type, param, code: code ?? usual };
}

/**
 * Any error body, or the data of an error event, whoever wrote it.
 * @param status of the answer; absent: it came within a stream, and its words decide.
 */
export function convertChatError(body: string, status?: number): ChatError {
  const facts = readErrorBody(body);
  const name = isAnthropicType(facts.type) ? facts.type : errorTypeOf(status ?? 500);
  const [type, usual] = NAMES[name];
  const overflow = readOverflow(facts.texts, body);
  const said = saidBy(facts, status);
  const message = overflow === undefined ? said : overflowWords(overflow, said);
  return { message, type, param: null, code: codeOf(facts, overflow) ?? usual, ...providerKeys(body) };
}

/** `settings.expose_provider_errors`: the engine's keys of the provider go on as they are. */
function providerKeys(body: string): Partial<ProviderErrorKeys> {
  if (!body.includes('"provider_message"')) return {};
  const error = parseRecord(body)?.error;
  if (!isRecord(error)) return {};
  const { provider, provider_message, provider_code } = error;
  return {
    provider: textOr(provider),
    provider_message: textOr(provider_message),
    provider_code: textOr(provider_code),
  };
}

function textOr(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** 529 is Anthropic's own; all others mean the same to both. */
export function chatStatusOf(status: number): number {
  return status === 529 ? 503 : status;
}

function isAnthropicType(type: string | undefined): type is AnthropicErrorType {
  return type !== undefined && Object.hasOwn(NAMES, type);
}

function codeOf({ texts }: ErrorFacts, overflow: Overflow | undefined): string | undefined {
  if (overflow !== undefined) return 'context_length_exceeded';
  return saysModelMissing(texts) ? 'model_not_found' : undefined;
}

/** In the words of OpenAI, by which its clients know that they have to shorten the conversation. */
function overflowWords({ tokens, limit }: Overflow, said: string): string {
  if (limit === undefined || /maximum context length/i.test(said)) return said;
  const counted = tokens === undefined ? '' : ` However, your messages resulted in ${tokens} tokens.`;
  return `This model's maximum context length is ${limit} tokens.${counted} (${said})`;
}
