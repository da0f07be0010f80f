import { candidateKey } from '../routing/candidate.ts';
import type { ConsideredCandidate, DecisionTrace } from './trace.ts';

/** What became of one candidate in one decision, and why, in words. Pure. */
export interface CandidateVerdict {
  readonly provider: string;
  readonly model: string;
  readonly verdict: 'chosen' | 'passed over' | 'left';
  readonly why: string;
}

/** One line for each candidate that a decision looked at. `chosen`: whom the attempt after it went to. */
export function candidateVerdicts(
  { considered, reason, verdict, at }: DecisionTrace,
  chosen: { readonly provider: string; readonly model: string } | undefined,
): readonly CandidateVerdict[] {
  const key = verdict === 'try' && chosen !== undefined ? candidateKey(chosen) : undefined;
  const place = considered.findIndex(({ candidate }) => candidateKey(candidate) === key);
  return considered.map((each, index) => {
    const { provider, model } = each.candidate;
    const base = { provider, model };
    if (index === place) return { ...base, verdict: 'chosen', why: reason };
    const isOpen = each.availability.kind === 'ready' && !each.tried;
    if (isOpen && place >= 0 && index > place) return { ...base, verdict: 'left', why: 'later in the order' };
    return { ...base, verdict: 'passed over', why: availabilityWords(each, at) };
  });
}

/** `cooling, 42 s left (overloaded)`, `failed already`, `full: 2 of 2 in flight`. */
function availabilityWords({ availability, tried }: ConsideredCandidate, at: number): string {
  const before = tried ? 'failed already; ' : '';
  switch (availability.kind) {
    case 'ready':
      return tried ? 'failed already' : 'ready';
    case 'cooling': {
      const seconds = Math.max(0, Math.ceil((availability.until - at) / 1_000));
      return `${before}cooling ${seconds} s left (${availability.cause.replaceAll('_', ' ')})`;
    }
    case 'trial_due':
      return `${before}a trial is due`;
    case 'trial_running':
      return `${before}another request is its trial`;
    case 'full':
      return `${before}full: ${availability.inFlight} of ${availability.limit} in flight`;
    case 'disabled':
      return 'switched off';
  }
}
