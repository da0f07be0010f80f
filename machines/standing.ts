import type { Endpoint } from '../src/domain/failures/outcome.ts';
import type { Availability } from '../src/domain/health/availability.ts';
import { withLoad } from '../src/domain/health/load.ts';
import type { Candidate } from '../src/domain/routing/candidate.ts';
import { availabilityOf } from './provider.ts';
import type { RequestPorts } from './request-events.ts';

/** Whom a candidate is asked for. */
export interface Asking {
  readonly id: string;
  readonly endpoint: Endpoint;
}

/**
 * How a candidate stands for a request at `now`: its health, and whether its provider has room. A side request asks for
 * no room: it is small, has an answer of our own, and counts towards no limit.
 */
export function standingOf(
  { provider, model }: Candidate,
  { id, endpoint }: Asking,
  now: number,
  ports: Pick<RequestPorts, 'provider' | 'slots'>,
): Availability {
  const ref = ports.provider(provider);
  if (ref === undefined) return { kind: 'disabled' };
  const availability = availabilityOf(ref.getSnapshot(), { model, endpoint }, now);
  return endpoint === 'messages' ? withLoad(availability, ports.slots.full(provider, id)) : availability;
}
