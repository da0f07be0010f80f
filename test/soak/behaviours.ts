import type { Random } from '../../src/domain/time.ts';
import type { Behaviour, BreakFault, CutPoint } from '../../src/simulator/behaviour.ts';
import { oneOf } from '../simulation/chance.ts';

const FAULTS = [
  'reset_before_headers',
  'fin_before_headers',
  'reset_inside_headers',
  'silence',
  'garbage',
  'huge_headers',
  'reset_if_reused',
] as const satisfies readonly BreakFault[];
const CUTS = [
  'head',
  'message_start',
  'block_start',
  'delta',
  'mid_delta',
  'block_stop',
  'message_delta',
] as const satisfies readonly CutPoint[];
const ENDS = ['end', 'fin', 'reset', 'stall', 'bad_framing', 'open'] as const;
const HTML = '<!doctype html><title>Maintenance</title>';

/** What a provider of the soak does with its next request; nothing that is the request's own fault. */
export function randomBehaviour(random: Random): Behaviour {
  const kind = random();
  if (kind < 0.5) return { kind: 'message' };
  if (kind < 0.65) return { kind: 'http', status: oneOf(random, [500, 502, 503, 529, 401, 402, 408]) };
  if (kind < 0.7) return { kind: 'http', status: 429, headers: { 'retry-after': '1' } };
  if (kind < 0.75) return { kind: 'http', status: 200, headers: { 'content-type': 'text/html' }, body: HTML };
  if (kind < 0.85) return { kind: 'break', fault: oneOf(random, FAULTS) };
  return { kind: 'cut', after: oneOf(random, CUTS), ends: oneOf(random, ENDS) };
}
