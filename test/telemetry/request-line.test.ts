import { expect, it } from 'vitest';
import { requestLine } from '../../src/telemetry/request-line.ts';
import { NOW, SERVED } from './events.ts';

it('the line of a request that waited says how long, and for what', () => {
  const wait = {
    at: NOW,
    round: 1,
    verdict: 'wait',
    considered: [],
    reason: 'every candidate is full',
  } as const;
  const trace = { ...SERVED.trace, decisions: [wait, { ...wait, verdict: 'try', reason: 'ready' } as const] };
  expect(requestLine({ ...SERVED, trace: { ...trace, waitedMs: 3_200 } })).toContain(
    ' · 4.2 s · waited 3.2 s: every candidate is full · ',
  );
  expect(requestLine({ ...SERVED, trace })).not.toContain('waited');
});
