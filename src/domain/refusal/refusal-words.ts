import type { AttemptTrace, ConsideredCandidate } from '../decision/trace.ts';
import type { Failure, OutcomeKind, Phase } from '../failures/outcome.ts';
import type { Availability } from '../health/availability.ts';
import { clause } from '../secrets/plain-text.ts';
import { withoutClientSignals } from './client-signals.ts';

/** The sentences of a final error: for a terminal, without jargon. */

const SECOND_MS = 1000;
const DAY_MS = 24 * 3600 * SECOND_MS;
/** With more attempts than this each of them gets fewer words. */
const FEW_ATTEMPTS = 4;
/** More sentences than this nobody reads. */
const MOST_ATTEMPTS = 20;

const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  pool: 'while waiting for a free connection',
  connect: 'while connecting',
  headers: 'while waiting for its answer',
  first_content: 'before its first content',
  body: 'while reading its answer',
  streaming: 'in the middle of its stream',
};

const CAUSE_WORDS: Partial<Record<OutcomeKind, string>> = {
  rate_limited: 'it is rate limited',
  burst_limited: 'it gets too many requests',
  overloaded: 'it is overloaded',
  quota: 'its quota is used up',
  credentials: 'its credentials were refused',
  model_missing: 'it does not have the model',
  unreachable: 'it is unreachable',
  server_error: 'it answers with server errors',
  stalled: 'it stalls',
  cut_early: 'its answers break off',
  cut_late: 'its answers break off',
  not_an_answer: 'it sends no proper answers',
};

/** How times are written: in UTC and saying so, or in the reader's zone. */
export interface TimeStyle {
  readonly now: number;
  /** Minutes east of UTC; undefined: UTC. */
  readonly utcOffsetMinutes?: number;
}

/** One sentence an attempt, in their order. */
export function attemptSentences(
  attempts: readonly AttemptTrace[],
  now: number,
  severalModels: ReadonlySet<string>,
): string[] {
  const shown = attempts.slice(0, MOST_ATTEMPTS);
  const limit = shown.length > FEW_ATTEMPTS ? 120 : 300;
  const before = new Map<string, string>();
  const sentences = shown.map((attempt) => {
    const name = candidateName(attempt.candidate, severalModels);
    const end = `after ${duration((attempt.endedAt ?? now) - attempt.startedAt)}.`;
    const what = whatHappened(attempt, limit);
    const repeated = before.get(name) === what;
    before.set(name, what);
    return repeated ? `${name} again: the same, ${end}` : `${name}: ${what}, ${end}`;
  });
  const left = attempts.length - shown.length;
  return left > 0 ? [...sentences, `${left} more attempts failed.`] : sentences;
}

function whatHappened(attempt: AttemptTrace, limit: number): string {
  const { outcome } = attempt;
  if (outcome === undefined) return 'no answer yet, given up';
  if (outcome.kind === 'success') return 'it answered';
  return `${failureWords(outcome, limit)}, ${PHASE_WORDS[outcome.phase]}`;
}

function failureWords(failure: Failure, limit: number): string {
  const detail = withoutClientSignals(clause(failure.detail, limit)).replace(/[\s.,;:]+$/, '');
  return detail === '' ? failure.kind.replaceAll('_', ' ') : detail;
}

/** `Not tried: B (cooling until 12:01:30 UTC, it is rate limited), C (switched off).` Empty without any. */
export function untriedSentence(
  untried: readonly ConsideredCandidate[],
  time: TimeStyle,
  severalModels: ReadonlySet<string>,
): string {
  if (untried.length === 0) return '';
  const named = untried
    .slice(0, MOST_ATTEMPTS)
    .map(
      ({ candidate, availability }) =>
        `${candidateName(candidate, severalModels)} (${availabilityWords(availability, time)})`,
    );
  const left = untried.length - named.length;
  return `Not tried: ${named.join(', ')}${left > 0 ? ` and ${left} more` : ''}.`;
}

function availabilityWords(availability: Availability, time: TimeStyle): string {
  switch (availability.kind) {
    case 'cooling': {
      const { until, cause, basis } = availability;
      const words = cause === 'by_hand' ? undefined : CAUSE_WORDS[cause];
      const why = words ?? cause.replaceAll('_', ' ');
      const stated = basis === 'window' ? ' and named the time itself' : '';
      return `cooling until ${clockTime(until, time)}: ${why}${stated}`;
    }
    case 'trial_running':
      return 'another request is trying whether it is back';
    case 'full': {
      const { inFlight, limit } = availability;
      return `full: ${inFlight}/${limit} requests in flight`;
    }
    case 'disabled':
      return 'switched off';
    case 'ready':
    case 'trial_due':
      return 'its turn did not come in time';
  }
}

/** A provider's name; with the model where the provider appears with several. */
export function candidateName(
  candidate: { readonly provider: string; readonly model: string },
  severalModels: ReadonlySet<string>,
): string {
  const provider = clause(candidate.provider, 100);
  return severalModels.has(candidate.provider)
    ? `${provider} with ${clause(candidate.model, 100)}`
    : provider;
}

/** `12:00:42 UTC`, with the date if it is not within a day. */
export function clockTime(at: number, time: TimeStyle): string {
  const shifted = new Date(at + (time.utcOffsetMinutes ?? 0) * 60 * SECOND_MS);
  if (Number.isNaN(shifted.getTime())) return 'an unknown time';
  const iso = shifted.toISOString();
  const day = Math.abs(at - time.now) < DAY_MS ? '' : `${iso.slice(0, 10)} `;
  return `${day}${iso.slice(11, 19)}${time.utcOffsetMinutes === undefined ? ' UTC' : ''}`;
}

/** `0.2 s`, `42 s`, `5 min`, `36 h`, `3 days`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / SECOND_MS;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
