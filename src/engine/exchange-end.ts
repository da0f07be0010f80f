import type { RequestOutput } from '../../machines/request-events.ts';
import { isFailure } from '../domain/failures/outcome.ts';
import type { FinalError } from '../domain/refusal/refusal.ts';
import type { Clock } from '../domain/time.ts';
import type { RequestFacts } from '../telemetry/events.ts';
import type { Audience } from './audience.ts';
import type { ErrorWords } from './client-reply.ts';
import { providerErrorKeys } from './provider-error.ts';
import { type RefusalWords, refuse } from './refusal-reply.ts';
import { steering } from './reply-headers.ts';
import type { Runtime } from './runtime.ts';
import type { Seat } from './seat.ts';

/** What the end of an exchange is told with. */
export interface EndWords extends RefusalWords {
  /** Whom the exchange began for. */
  readonly leader: Seat;
  readonly clock: Clock;
  /** Asked only where every candidate failed. */
  readonly finalError: (request: RequestFacts) => FinalError;
}

/** Writes the end that a request's chart has come to, to all that are left of its clients. */
export function writeEnd(audience: Audience, words: EndWords): void {
  const { output, attempts, runtime, finalError } = words;
  if (output.result === 'refused' || output.result === 'exhausted') sendUnpinnedOn(audience, words);
  if (output.result === 'exhausted') sendPatientOn(audience, words);
  switch (output.result) {
    case 'served':
      break;
    case 'broken':
      audience.breakOff(errorOf(output));
      break;
    case 'refused':
      audience.endAll('refused', (seat) => refuse(seat, words));
      break;
    case 'exhausted': {
      const keys = providerErrorKeys(runtime, output.trace.attempts);
      audience.endAll('exhausted', ({ client, facts }) => {
        const { status, type, message, headers } = finalError(facts);
        client.giveUp(status, { type, message, keys }, attempts, steering(headers));
      });
      break;
    }
    case 'cancelled':
      audience.endAll('cancelled', ({ client }) => client.abandon());
      audience.discard();
  }
}

/** The balancer ends before the request has. `attempts`: how many there were. */
export function writeShutDown(audience: Audience, attempts: number): void {
  for (const seat of audience.dismissed()) {
    seat.client.decided();
    seat.client.shutDown(attempts);
    seat.ended(seat.client.firstContentAt === undefined ? 'exhausted' : 'broken');
  }
  audience.discard();
}

/** An exception of ours: 500, or a cut where bytes are out already. */
export function writeFault(audience: Audience, runtime: Runtime): void {
  const keys = providerErrorKeys(runtime, []);
  audience.endAll('faulted', ({ client }) => client.fault(keys));
  audience.discard();
}

/** Where the first client named its provider, others may be answered by more than that one. */
function sendUnpinnedOn(audience: Audience, { leader }: EndWords): void {
  if (leader.pinnedTo === undefined) return;
  audience.sendOn(({ pinnedTo }) => pinnedTo === undefined);
}

/** Where the first client's time is over, others may have more of it. */
function sendPatientOn(audience: Audience, { leader, clock }: EndWords): void {
  const now = clock.now();
  if (now < leader.deadlineAt) return;
  audience.sendOn(({ deadlineAt }) => deadlineAt > now);
}

/** What a stream that broke off ends with. */
function errorOf(output: RequestOutput): ErrorWords {
  const outcome = output.trace.attempts.at(-1)?.outcome;
  const detail = outcome !== undefined && isFailure(outcome) ? outcome.detail : output.reason;
  return { type: 'api_error', message: `The provider's stream broke off: ${detail}` };
}
