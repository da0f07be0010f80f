import type { RequestOutput, RequestPorts } from '../../machines/request-events.ts';
import { type Asking, standingOf } from '../../machines/standing.ts';
import { exhausted, type FinalError } from '../domain/refusal/refusal.ts';
import { candidateKey } from '../domain/routing/candidate.ts';

/** The final error of a request whose candidates all failed, as everything stands after its last verdict. */
export function exhaustedError(
  output: RequestOutput,
  request: Asking,
  ports: Pick<RequestPorts, 'now' | 'provider' | 'slots'>,
): FinalError {
  const { attempts, decisions } = output.trace;
  const now = ports.now();
  const tried = new Set(attempts.map(({ candidate }) => candidateKey(candidate)));
  const considered = (decisions.at(-1)?.considered ?? []).map(({ candidate }) => ({
    candidate,
    availability: standingOf(candidate, request, now, ports),
    tried: tried.has(candidateKey(candidate)),
  }));
  const returns = considered.flatMap(({ availability }) =>
    availability.kind === 'cooling' ? [availability.until] : [],
  );
  const earliest = returns.length === 0 ? {} : { earliestReturn: Math.min(...returns) };
  const utcOffsetMinutes = -new Date(now).getTimezoneOffset();
  return exhausted({ attempts, considered, now, requestId: request.id, utcOffsetMinutes, ...earliest });
}
