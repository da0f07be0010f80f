import { expect, it } from 'vitest';
import { entryOf, failure, useMswBench, usePlayedProviders } from '../support/msw-bench.ts';

const KEY = 'a-token-of-the-client-0123456789';
const play = usePlayedProviders();
const balance = useMswBench();

it('the client’s own credential, repeated in an error, is read by the client alone', async () => {
  const words = `Invalid key ${KEY}, or ${KEY.slice(0, 14)}…`;
  const provider = play('echo', () => failure(401, 'authentication_error', words));
  const bench = await balance({ providers: [entryOf(provider, { auth_value: 'passthrough' })] });
  const answer = await bench.ask({ headers: { 'X-Api-Key': KEY } });
  expect([answer.status, answer.json()]).toMatchObject([401, { error: { message: words } }]);
  const told = JSON.stringify([bench.events, bench.engine.status()]);
  expect(told).toContain('Invalid key ***');
  expect(told).not.toContain(KEY.slice(0, 14));
});
