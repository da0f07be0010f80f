import { availabilityOf, type ProviderRef } from '../../machines/provider.ts';
import type { RequestOutput } from '../../machines/request-events.ts';
import { candidateKey } from '../domain/candidate.ts';
import type { Endpoint } from '../domain/outcome.ts';
import { exhausted, type FinalError } from '../domain/refusal.ts';

/** The final error of a request whose candidates all failed, as everything stands after its last verdict. */
export function exhaustedError(
  output: RequestOutput,
  requestId: string,
  now: number,
  providerRef: (id: string) => ProviderRef | undefined,
  endpoint: Endpoint,
): FinalError {
  const { attempts, decisions } = output.trace;
  const tried = new Set(attempts.map(({ candidate }) => candidateKey(candidate)));
  const considered = (decisions.at(-1)?.considered ?? []).map(({ candidate }) => {
    const snapshot = providerRef(candidate.provider)?.getSnapshot();
    const availability =
      snapshot === undefined
        ? ({ kind: 'disabled' } as const)
        : availabilityOf(snapshot, { model: candidate.model, endpoint }, now);
    return { candidate, availability, tried: tried.has(candidateKey(candidate)) };
  });
  const returns = considered.flatMap(({ availability }) =>
    availability.kind === 'cooling' ? [availability.until] : [],
  );
  const earliest = returns.length === 0 ? {} : { earliestReturn: Math.min(...returns) };
  const utcOffsetMinutes = -new Date(now).getTimezoneOffset();
  return exhausted({ attempts, considered, now, requestId, utcOffsetMinutes, ...earliest });
}
