import { type ErrorFacts, readErrorBody } from '../../domain/failures/error-body.ts';
import { saysBadKey, saysModelMissing, saysPolicy, saysQuota } from '../../domain/failures/phrases.ts';
import { type AnthropicErrorType, errorTypeOf, statusOfError } from '../../domain/refusal/error-envelope.ts';
import { type Overflow, readOutputLimit, readOverflow } from './context-overflow.ts';

export interface FailedAnswer {
  /** HTTP status; below 400 (an error under 200) or absent: the error's own words decide. */
  readonly status?: number;
  /** The body, or the data of an error in a stream. */
  readonly body: string;
  /** Our own count of the prompt, where the error names none. Tokens. */
  readonly inputTokens?: number;
  /** The model's window as far as it is known. Tokens. */
  readonly contextWindow?: number;
}

/** An error in the words of the Messages API. */
export interface ConvertedError {
  readonly status: number;
  readonly type: AnthropicErrorType;
  readonly message: string;
  /** The same request with at most so many `max_tokens` would be taken: to be repeated, not told. */
  readonly outputLimit?: number;
}

/** Any error of any provider. A prompt that is too long is told in the words on which Claude Code compacts. Never throws. */
export function convertError(failed: FailedAnswer): ConvertedError {
  const facts = readErrorBody(failed.body);
  const said = saidBy(facts, failed.status);
  const overflow = readOverflow(facts.texts, failed.body);
  if (overflow !== undefined) return ofOverflow(overflow, said, failed);
  const status = statusFor(failed.status, facts);
  const type = status === 504 ? 'timeout_error' : errorTypeOf(status);
  const outputLimit = status === 400 ? readOutputLimit(facts.texts) : undefined;
  return { status, type, message: said, ...(outputLimit === undefined ? {} : { outputLimit }) };
}

/** The body of an error answer of the Messages API, as JSON. */
export function errorJson({ type, message }: Pick<ConvertedError, 'type' | 'message'>): string {
  return JSON.stringify({ type: 'error', error: { type, message } });
}

/** An error's words; where it has none, or they are a page's, its status with them. */
export function saidBy(facts: ErrorFacts, status: number | undefined): string {
  const message = facts.message?.trim() ?? '';
  if (message !== '' && facts.html !== true) return message;
  const of = status === undefined ? 'an error' : `status ${status}`;
  return message === '' ? `${of} without a message` : `${of}: ${message} (an HTML page)`;
}

/** Tokens that are left free when `max_tokens` is made to fit: providers count a little differently from request to request. */
function margin(limit: number): number {
  return Math.max(256, Math.ceil(limit / 200));
}

function ofOverflow(overflow: Overflow, said: string, failed: FailedAnswer): ConvertedError {
  const error = { status: 400, type: 'invalid_request_error' as const };
  const { tokens: told, limit: window } = overflow;
  if (told !== undefined && window !== undefined && told < window) {
    const room = window - told - margin(window);
    if (room > 0) return { ...error, message: tooLong(window + 1, window, said), outputLimit: room };
  }
  const limit = window ?? failed.contextWindow;
  const counted = Math.max(told ?? failed.inputTokens ?? 0, limit === undefined ? 0 : limit + 1);
  if (counted === 0) return { ...error, message: `prompt is too long: ${said}` };
  return { ...error, message: tooLong(counted, limit ?? counted - 1, said) };
}

function tooLong(tokens: number, limit: number, said: string): string {
  const words = `prompt is too long: ${tokens} tokens > ${limit} maximum`;
  return said.includes(words) ? said : `${words} (${said})`;
}

/** The status by which the client learns whose fault it is (docs/protocols.md, "Errors"). */
function statusFor(given: number | undefined, facts: ErrorFacts): number {
  const { texts } = facts;
  const named = statusOfError(facts);
  const status = given === undefined || given < 400 ? (named ?? 500) : given;
  if (saysQuota(texts, status === 429)) return 402;
  if (saysToolUseFailed(facts)) return 500;
  if (status === 400 || status === 404 || status === 422) {
    if (saysModelMissing(texts) || named === 404) return 404;
    if (saysBadKey(texts)) return 401;
    return status === 404 ? 404 : ofVague(named);
  }
  return ofStatus(status, texts);
}

/** 400 and 422 say little; a type that says more counts. */
function ofVague(named: number | undefined): number {
  return named === 401 || named === 402 || named === 429 || named === 529 ? named : 400;
}

const OVERLOADED = /\boverloaded\b|\bengine_overloaded|\bserver is busy\b|\bat capacity\b/i;
const RATE = /tokens per (?:min|day)|requests per (?:min|day)|\bTPM\b|\bRPM\b|rate[ _]limit/i;

function ofStatus(status: number, texts: string): number {
  switch (status) {
    case 403:
      return saysPolicy(texts) ? 400 : 403;
    case 408:
    case 504:
    case 524:
      return 504;
    case 413:
      return RATE.test(texts) ? 429 : 413;
    case 415:
      return 400;
    case 429:
      return OVERLOADED.test(texts) ? 529 : 429;
    case 498:
    case 503:
    case 529:
      return 529;
    case 401:
    case 402:
    case 409:
      return status;
    default:
      if (status >= 520) return 502;
      return status >= 500 ? status : 400;
  }
}

/** The model wrote a call that the provider itself could not read: another try may do better. */
function saysToolUseFailed({ code, type }: ErrorFacts): boolean {
  return code === 'tool_use_failed' || type === 'tool_use_failed';
}
