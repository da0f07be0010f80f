import type { AttemptTrace, ConsideredCandidate } from '../decision/trace.ts';
import type { FailureKind } from '../failures/outcome.ts';
import { clause } from '../secrets/plain-text.ts';
import { type AnthropicErrorType, errorBody } from './error-envelope.ts';
import { attemptSentences, candidateName, clockTime, duration, untriedSentence } from './refusal-words.ts';

/**
 * The balancer's own final errors. Claude Code prints the message after `API Error: 503 `, retries 503 for three minutes,
 * obeys `retry-after` up to 60 s (above, it gives up the turn) and stops at `x-should-retry: false` (measured).
 */
export interface FinalError {
  readonly status: number;
  readonly type: AnthropicErrorType;
  /** One line, without credentials. */
  readonly message: string;
  /** Flat list: content-type, and what steers the client's retries. */
  readonly headers: readonly string[];
  /** The envelope as JSON. */
  readonly body: string;
}

/** Longest wait that a client is told to keep, s. */
const LONGEST_RETRY_AFTER_S = 60;
/** Nobody knows when a provider that is full has room again; the client is told to come back after this, ms. */
const FULL_RETRY_MS = 5_000;

/** Failures that stay until a person does something. */
const NEEDS_A_PERSON: ReadonlySet<FailureKind> = new Set([
  'credentials',
  'client_credentials',
  'quota',
  'model_missing',
]);

/** What is known when a request is given up. All times wall clock ms. */
export interface ExhaustionFacts {
  readonly attempts: readonly AttemptTrace[];
  /** All candidates as they stand now, after the verdicts; those with `tried: false` are named with their reason. */
  readonly considered: readonly ConsideredCandidate[];
  readonly now: number;
  /** When the first of the cooling candidates returns. */
  readonly earliestReturn?: number;
  readonly requestId: string;
  /** Minutes east of UTC in which times are shown; without it they are shown in UTC. */
  readonly utcOffsetMinutes?: number;
}

/**
 * All candidates failed, or none could be tried: 503 `api_error`, one sentence an attempt, why the others were not tried, and
 * the earliest return. `retry-after` if that is within 60 s; `x-should-retry: false` instead if nothing can mend itself.
 */
export function exhausted(facts: ExhaustionFacts): FinalError {
  const { attempts, considered, now, earliestReturn, requestId } = facts;
  const untried = considered.filter(({ tried }) => !tried);
  const several = providersWithSeveralModels(facts);
  const hopeless = nothingMendsItself(attempts, untried);
  const message = sentences([
    attempts.length === 0 ? 'No provider could be tried.' : 'No provider could answer.',
    ...attemptSentences(attempts, now, several),
    untriedSentence(untried, facts, several),
    earliestSentence(facts, several),
    hopeless
      ? 'This does not mend itself: see to the credentials, quotas or model names of these providers.'
      : '',
    requestSentence(requestId),
  ]);
  const headers = hopeless ? NO_RETRY : retryAfter(earliestRoom(untried, earliestReturn, now), now);
  return finalError(503, 'api_error', message, requestId, headers);
}

/** There is nobody who could be asked: no provider, or each is switched off or without a credential. */
export interface EmptyPoolFacts {
  /** The model asked for, if others have providers. */
  readonly model?: string;
  /** Every provider of the configuration (or of the model's route) and why it can't be used. */
  readonly unusable: readonly { readonly provider: string; readonly reason: string }[];
  readonly requestId: string;
}

/** 503 `api_error`, not to be retried: an empty pool says so, and what to do. No request is sent without a credential. */
export function emptyPool(facts: EmptyPoolFacts): FinalError {
  const { model, unusable, requestId } = facts;
  const whom = model === undefined ? '' : ` for the model ${quoted(model)}`;
  const message = sentences([
    unusable.length === 0 ? `No provider is configured${whom}.` : `No provider can be used${whom}.`,
    unusable.length === 0 ? '' : `${listedReasons(unusable)}.`,
    unusable.length === 0
      ? 'Add one under providers in the configuration file.'
      : 'Enable one of them or give it a credential in the configuration file; it is read again at once.',
    requestSentence(requestId),
  ]);
  return finalError(503, 'api_error', message, requestId, NO_RETRY);
}

/** 404 `not_found_error`: whoever could be asked does not serve the model. `providers`: who they are. */
export function notServed(model: string, providers: readonly string[], requestId: string): FinalError {
  const message = sentences([
    `None of these providers serves the model ${quoted(model)}: ${listed(providers)}.`,
    'Add it to available_models of one of them in the configuration file, or choose another model.',
    requestSentence(requestId),
  ]);
  return finalError(404, 'not_found_error', message, requestId, []);
}

/** 404 `not_found_error`: no route names the model. `patterns`: those that exist. */
export function noRoute(model: string, patterns: readonly string[], requestId: string): FinalError {
  const message = sentences([
    `No route matches the model ${quoted(model)}.`,
    patterns.length === 0 ? '' : `Routes exist for ${listed(patterns)}.`,
    'Add one under model_routes in the configuration file, or choose another model.',
    requestSentence(requestId),
  ]);
  return finalError(404, 'not_found_error', message, requestId, []);
}

/** Whom a request names as its provider, and why that one can't be asked. */
export interface UnknownPinFacts {
  /** Those of that name or id in the configuration, and why each can't be used; empty: there is none. */
  readonly unusable: EmptyPoolFacts['unusable'];
  /** Whom a request may name. */
  readonly known: readonly string[];
  readonly requestId: string;
}

/** 404 `not_found_error`: the request names a provider that does not exist, or can't be used. */
export function unknownPin(pin: string, facts: UnknownPinFacts): FinalError {
  const message = sentences([
    facts.unusable.length === 0
      ? `There is no provider ${quoted(pin)} as this request asks for.`
      : `The provider ${quoted(pin)} that this request asks for can't be used: ${reasons(facts.unusable)}.`,
    facts.known.length === 0 ? '' : `Providers in use: ${listed(facts.known)}.`,
    requestSentence(facts.requestId),
  ]);
  return finalError(404, 'not_found_error', message, facts.requestId, []);
}

const NO_RETRY: readonly string[] = ['x-should-retry', 'false'];

function finalError(
  status: number,
  type: AnthropicErrorType,
  message: string,
  requestId: string,
  retry: readonly string[],
): FinalError {
  const headers = ['content-type', 'application/json', ...retry];
  return { status, type, message, headers, body: errorBody(type, message, requestId) };
}

function retryAfter(earliestReturn: number | undefined, now: number): readonly string[] {
  if (earliestReturn === undefined) return [];
  const seconds = Math.max(1, Math.ceil((earliestReturn - now) / 1000));
  return seconds <= LONGEST_RETRY_AFTER_S ? ['retry-after', String(seconds)] : [];
}

/** When it is worth while to come back: where a candidate was only full, soon. */
function earliestRoom(
  untried: readonly ConsideredCandidate[],
  earliestReturn: number | undefined,
  now: number,
): number | undefined {
  if (!untried.some(({ availability }) => availability.kind === 'full')) return earliestReturn;
  return Math.min(earliestReturn ?? Number.POSITIVE_INFINITY, now + FULL_RETRY_MS);
}

/** Is each candidate out for a reason that only a person can mend? The last attempt of a candidate speaks for it. */
function nothingMendsItself(
  attempts: readonly AttemptTrace[],
  untried: readonly ConsideredCandidate[],
): boolean {
  const last = new Map(attempts.map((attempt) => [candidateId(attempt.candidate), attempt]));
  const reasons = [...last.values()].map(needsAPerson).concat(untried.map(staysAway));
  return reasons.length > 0 && reasons.every(Boolean);
}

function needsAPerson({ outcome }: AttemptTrace): boolean {
  if (outcome === undefined || outcome.kind === 'success') return false;
  if (outcome.noRetry === true) return true;
  return NEEDS_A_PERSON.has(outcome.kind) && outcome.window === undefined;
}

function staysAway({ availability }: ConsideredCandidate): boolean {
  if (availability.kind === 'disabled') return true;
  if (availability.kind !== 'cooling' || availability.basis !== 'certain') return false;
  const { cause } = availability;
  return cause !== 'success' && cause !== 'by_hand' && NEEDS_A_PERSON.has(cause);
}

function providersWithSeveralModels(facts: ExhaustionFacts): ReadonlySet<string> {
  const models = new Map<string, string>();
  const several = new Set<string>();
  for (const { candidate } of [...facts.attempts, ...facts.considered]) {
    const known = models.get(candidate.provider);
    if (known !== undefined && known !== candidate.model) several.add(candidate.provider);
    models.set(candidate.provider, candidate.model);
  }
  return several;
}

function earliestSentence(facts: ExhaustionFacts, several: ReadonlySet<string>): string {
  const { earliestReturn, now, considered } = facts;
  if (earliestReturn === undefined || earliestReturn <= now) return '';
  const first = considered.find(
    ({ availability }) => availability.kind === 'cooling' && availability.until === earliestReturn,
  );
  const who = first === undefined ? '' : ` is ${candidateName(first.candidate, several)}`;
  const when = `${who === '' ? ' is' : ''} at ${clockTime(earliestReturn, facts)}, in ${duration(earliestReturn - now)}`;
  return `The earliest return${who}${when}.`;
}

function candidateId(candidate: { readonly provider: string; readonly model: string }): string {
  return JSON.stringify([candidate.provider, candidate.model]);
}

/** Without a full stop at its end: Claude Code puts one after it. */
function requestSentence(requestId: string): string {
  return `Request ${clause(requestId, 100)}`;
}

function sentences(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => clause(name, 80));
  return `${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}`;
}

function quoted(name: string): string {
  return `"${clause(name, 100)}"`;
}

function listedReasons(unusable: EmptyPoolFacts['unusable']): string {
  return unusable
    .slice(0, 20)
    .map(({ provider, reason }) => `${clause(provider, 100)}: ${plain(reason)}`)
    .join('; ');
}

/** One provider's reason alone; of several, whose each is. */
function reasons(unusable: EmptyPoolFacts['unusable']): string {
  const [only] = unusable;
  return unusable.length === 1 && only !== undefined ? plain(only.reason) : listedReasons(unusable);
}

function plain(reason: string): string {
  return clause(reason).replace(/[\s.;]+$/, '');
}
