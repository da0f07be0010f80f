import { headerValue } from '../header-list.ts';
import { statusOfError } from '../refusal/error-envelope.ts';
import { CLAUSE_LIMIT, clause } from '../secrets/plain-text.ts';
import type { UnhealthyLists } from '../settings/settings.ts';
import { ERROR_BODY_LIMIT, type ErrorFacts, readErrorBody } from './error-body.ts';
import type { Endpoint, Failure, FailureKind, Phase, StatedWindow } from './outcome.ts';
import {
  saysBadKey,
  saysForeignSignature,
  saysKnownRefusal,
  saysModelMissing,
  saysNoModelLeft,
  saysPolicy,
  saysQuota,
  saysThreadLost,
} from './phrases.ts';
import { isRefusedForSure } from './refused-for-sure.ts';
import { statedWindow } from './retry-after.ts';

/** What every failed answer is judged by. */
export interface AnswerContext {
  /** Flat list: name, value, … */
  readonly headers: readonly string[];
  /** Whose credential went upstream: the provider's own, or the client's. */
  readonly credential: 'own' | 'passthrough';
  readonly endpoint: Endpoint;
  /** Wall clock, ms. */
  readonly now: number;
  readonly lists: UnhealthyLists;
  /** The part of the attempt in which it came; by default the one in which such an answer comes. */
  readonly phase?: Phase;
}

/** An answer whose status is not 2xx, or is 204. */
export interface FailedResponse extends AnswerContext {
  readonly status: number;
  /** The beginning of the body, decoded; 64 KB are enough. */
  readonly body: string;
}

/** An error under HTTP 200: a JSON body, or an SSE `error` (its `data`, without the framing). */
export interface ErrorPayload extends AnswerContext {
  /** HTTP status of the answer that holds it; by default 200. */
  readonly status?: number;
  /** The JSON text of the error. */
  readonly raw: string;
}

/**
 * The kind of a failed HTTP answer, by the table of docs/failures.md. Where several rows fit:
 * `refused_for_sure` > stated window (429, 503, 529: then `rate_limited`, whatever the status) > quota phrase >
 * `model_missing` > status. Never throws, whatever came.
 */
export function classifyResponse(response: FailedResponse): Failure {
  const { status, endpoint, phase = 'headers' } = response;
  if (status < 400 || status > 599) return notAnError(response, phase);
  const error = readErrorBody(response.body);
  const verdict = judge(response, status, error, response.body);
  return forEndpoint({ ...verdict, phase, status, detail: describe(status, error) }, endpoint);
}

/**
 * The kind of an error that came under HTTP 200 before any content: as if it had come with the status of its code or type.
 * Without a known one its words decide between the request's fault and `server_error`.
 */
export function classifyErrorPayload(payload: ErrorPayload): Failure {
  const { raw, endpoint, phase = 'first_content', status = 200 } = payload;
  const error = readErrorBody(raw);
  const verdict = judge(payload, statusOfError(error) ?? statusOfWords(error.texts), error, raw);
  const failure = {
    ...verdict,
    phase,
    status,
    detail: `${describe(status, error)} (an error under ${status})`,
  };
  if (phase === 'streaming') return { ...withoutWindow(failure), kind: 'cut_late' };
  return forEndpoint(failure, endpoint);
}

/**
 * The same failure as it counts for the endpoint: any failure of `count_tokens` or `models` speaks against that endpoint
 * alone. 404, 405 and 501 say that it is not there; any other keeps its row in `as`. What is mended at the same provider or
 * is our own or the client's doing stays as it is.
 */
export function forEndpoint(failure: Failure, endpoint: Endpoint): Failure {
  if (endpoint === 'messages' || OWN_DOING.has(failure.kind)) return failure;
  const kind = 'endpoint_missing';
  if (failure.status !== undefined && NOT_THERE.has(failure.status))
    return { ...withoutWindow(failure), kind };
  return { ...failure, kind, as: failure.kind };
}

const OWN_DOING: ReadonlySet<FailureKind> = new Set([
  'reset_reused',
  'pool_full',
  'client_left',
  'out_of_time',
  'balancer_fault',
  'endpoint_missing',
]);
const NOT_THERE: ReadonlySet<number> = new Set([404, 405, 501]);
/** Statuses that may come with a window in which nothing is answered. */
const WINDOWED: ReadonlySet<number> = new Set([429, 503, 529]);
/** Codes of 4xx that the table names; all others are unknown to it, and the users' list may add them. */
const KNOWN_4XX: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 408, 409, 413, 422, 425, 429]);
/** Under a vague status (400, 422, unknown 4xx) a type of these statuses is more precise than the status. */
const PRECISE: ReadonlySet<number> = new Set([401, 402, 429, 529]);

type Verdict = Pick<Failure, 'kind' | 'errorType' | 'window' | 'noRetry'>;

function judge(context: AnswerContext, status: number, error: ErrorFacts, raw: string): Verdict {
  const meant = preciseStatus(status, error);
  const window = windowOf(context, raw, meant);
  const kind = kindOf(context, meant, error, raw, WINDOWED.has(meant) && window !== undefined);
  const errorType = error.type ?? error.code;
  const noRetry = kind === 'burst_limited' && headerValue(context.headers, 'x-should-retry') === 'false';
  return {
    kind,
    ...(errorType === undefined ? {} : { errorType: clause(errorType, 100) }),
    ...(window !== undefined && (kind === 'rate_limited' || kind === 'quota') ? { window } : {}),
    ...(noRetry ? { noRetry } : {}),
  };
}

function windowOf(context: AnswerContext, raw: string, status: number): StatedWindow | undefined {
  return statedWindow(context.headers, raw, context.now, status);
}

function kindOf(
  context: AnswerContext,
  status: number,
  error: ErrorFacts,
  raw: string,
  windowed: boolean,
): FailureKind {
  const { texts } = error;
  if (status === 400 && isRefusedForSure(texts)) return 'refused_for_sure';
  if (status === 400 && saysForeignSignature(texts)) return 'foreign_signature';
  if (windowed) return 'rate_limited';
  if (status >= 400 && status < 500 && saysThreadLost(texts)) return 'refused';
  if (saysQuota(texts, status === 429)) return 'quota';
  if (saysModel(status, texts)) return 'model_missing';
  const kind = kindOfStatus(status, error, context);
  return kind === 'refused' && isListed(status, error, raw, context.lists) ? 'server_error' : kind;
}

function saysModel(status: number, texts: string): boolean {
  if (status === 404 || saysNoModelLeft(texts)) return true;
  return (status === 400 || status === 403) && saysModelMissing(texts);
}

function kindOfStatus(status: number, error: ErrorFacts, context: AnswerContext): FailureKind {
  switch (status) {
    case 401:
      return ofCredentials(context);
    case 402:
      return 'quota';
    case 403:
      return error.html !== true && saysPolicy(error.texts) ? 'refused' : ofCredentials(context);
    case 408:
    case 409:
    case 425:
      return 'timeout_like';
    case 413:
      return 'too_large';
    case 429:
      return 'burst_limited';
    case 503:
    case 529:
      return 'overloaded';
    default:
      return status >= 500 ? 'server_error' : badKey(status, error, context);
  }
}

function badKey(status: number, error: ErrorFacts, context: AnswerContext): FailureKind {
  return status === 400 && saysBadKey(error.texts) ? ofCredentials(context) : 'refused';
}

function ofCredentials(context: AnswerContext): FailureKind {
  return context.credential === 'passthrough' ? 'client_credentials' : 'credentials';
}

/** The type may say more than the status: `overloaded_error` under 500, `rate_limit_error` under 400. */
function preciseStatus(status: number, error: ErrorFacts): number {
  const named = statusOfError(error);
  if (named === undefined) return status;
  if (status >= 500) return named === 529 ? named : status;
  const vague = status === 400 || status === 422 || !KNOWN_4XX.has(status);
  return vague && PRECISE.has(named) && !saysKnownRefusal(error.texts) ? named : status;
}

/** An error without a known type or code: is it plainly the request's or model's, or the provider's own trouble? */
function statusOfWords(texts: string): number {
  const aboutRequest =
    saysKnownRefusal(texts) ||
    saysModelMissing(texts) ||
    saysForeignSignature(texts) ||
    isRefusedForSure(texts);
  return aboutRequest ? 400 : 500;
}

/** Do the users' lists name this refusal, of which the table knows nothing but that it is one? */
function isListed(status: number, error: ErrorFacts, raw: string, lists: UnhealthyLists): boolean {
  if (saysKnownRefusal(error.texts)) return false;
  if (!KNOWN_4XX.has(status) && lists.httpCodes.includes(status)) return true;
  if (status === 403) return false;
  return (
    lists.errorTypes.some((type) => isNamed(type, error)) || matchesBody(lists.responseBodyPatterns, raw)
  );
}

/** A type or code, equal but for case; where the list holds words rather than a name, they may stand in the text. A type that the table knows adds nothing. */
function isNamed(listed: string, error: ErrorFacts): boolean {
  const name = listed.toLowerCase();
  if (statusOfError({ type: name }) !== undefined) return false;
  if (name === error.type?.toLowerCase() || name === error.code?.toLowerCase()) return true;
  return /[^a-z0-9_.-]/.test(name) && error.texts.toLowerCase().includes(name);
}

/** A pattern with the `g` flag remembers where it stopped; it is always asked from the start. */
function matchesBody(patterns: readonly RegExp[], raw: string): boolean {
  const text = raw.slice(0, ERROR_BODY_LIMIT);
  return patterns.some((pattern) => text.search(pattern) >= 0);
}

function notAnError(response: FailedResponse, phase: Phase): Failure {
  const { status, endpoint } = response;
  const redirect = status >= 300 && status < 400;
  const detail = redirect ? `${status}: a redirect, which is never followed` : `${status}: no answer in it`;
  return forEndpoint({ kind: 'not_an_answer', phase, status, detail }, endpoint);
}

function withoutWindow(failure: Failure): Failure {
  const { window: _window, noRetry: _noRetry, ...rest } = failure;
  return rest;
}

/** `429 rate_limit_error: …`, `502 Bad Gateway (HTML page)`, `500 (empty body)`. */
function describe(status: number, error: ErrorFacts): string {
  const message = clause(error.message ?? '', CLAUSE_LIMIT - 40);
  if (error.html === true) {
    const title = message.replace(new RegExp(`^(?:error )?${status}[\\s:|-]*`, 'i'), '');
    return `${status}${title === '' ? '' : ` ${title}`} (HTML page)`;
  }
  const type = clause(error.type ?? error.code ?? '', 60);
  if (message === '') return type === '' ? `${status} (empty body)` : `${status} ${type}`;
  return type === '' ? `${status}: ${message}` : `${status} ${type}: ${message}`;
}
