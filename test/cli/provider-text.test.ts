import { expect, it } from 'vitest';
import { readBalancer } from '../../src/cli/balancer-view.ts';
import { providerText } from '../../src/cli/providers.ts';
import { statusText } from '../../src/cli/status.ts';

const FULL = {
  name: 'GAC',
  state: 'healthy',
  status: 'healthy',
  enabled: true,
  failures: '0/2',
  in_flight: 4,
  max_concurrent: 4,
  waiting: 3,
  learned: [
    { model: 'claude-opus-5', kind: 'beta', name: 'new-2026', since: '2026-11-21T12:00:00Z', because: 'no' },
  ],
  requests: { in_flight: 5, attempts: 9, successes: 5, failures: 0 },
};
const PLAIN = { color: false, columns: undefined };

function read(provider: object) {
  const facts = readBalancer({ providers: [provider] });
  const [first] = facts?.providers ?? [];
  if (facts === undefined || first === undefined) throw new Error('not read');
  return { facts, first };
}

it('a provider’s text tells what it goes without, and how full it is', () => {
  const text = providerText(read(FULL).first, PLAIN);
  expect(text).toMatch(/goes without +beta new-2026 for claude-opus-5, since 2026-11-21T12:00:00Z/);
  expect(text).toContain('4/4 in flight, 3 waiting');
});

it('the table shows how full a provider with max_concurrent is, and only the number of the others', () => {
  expect(statusText(read(FULL).facts, 'http://x', PLAIN)).toContain(' 4/4 ');
  const { in_flight: _, max_concurrent: __, waiting: ___, ...free } = FULL;
  const text = statusText(read(free).facts, 'http://x', PLAIN);
  expect(text).toMatch(/GAC +healthy +0\/2 +– +5 +9 /);
});
