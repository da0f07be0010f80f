import { describe, expect, it } from 'vitest';
import { FAILURE_KINDS } from '../../src/domain/failures/outcome.ts';
import { ADDRESS_FAULTS } from '../../src/simulator/address-faults.ts';
import { behaviourNamed, FAILURE_NAMES, SCENARIO_NAMES, scenario } from '../../src/simulator/scenarios.ts';
import { fetchAnswer, messagesBody, send } from '../support/client.ts';
import { createInstantClock } from '../support/instant-clock.ts';
import { useProviders } from '../support/providers.ts';

const start = useProviders();

/** Outcomes that no provider's answer can bring about: they need several hosts, our own limits or another endpoint. */
const NOT_AN_ANSWER_OF_A_PROVIDER = [
  'offline',
  'pool_full',
  'reset_reused',
  'client_credentials',
  'endpoint_missing',
  'client_left',
  'out_of_time',
  'balancer_fault',
];

const ending = SCENARIO_NAMES.filter((name) => scenario(name).endless === undefined);
const endless = SCENARIO_NAMES.filter((name) => scenario(name).endless === true);

describe('the catalogue', () => {
  it('plays every failure that a provider can cause', () => {
    const played = new Set<string>(
      [...SCENARIO_NAMES.map(scenario), ...Object.values(ADDRESS_FAULTS)].map((entry) => entry.expected),
    );
    const causable = FAILURE_KINDS.filter((kind) => !NOT_AN_ANSWER_OF_A_PROVIDER.includes(kind));
    expect(causable.filter((kind) => !played.has(kind))).toEqual([]);
  });

  it('keeps the names of the older test equipment', () => {
    const names = ['success', 'streaming_success', 'error', 'timeout', 'rate_limit', 'duplicate_cache'];
    names.push('connection_error', 'internal_server_error', 'bad_gateway', 'service_unavailable');
    names.push('insufficient_credits');
    expect(names.filter((name) => behaviourNamed(name) === undefined)).toEqual([]);
    expect(ADDRESS_FAULTS).toHaveProperty('ssl_error');
    expect(behaviourNamed('no such thing')).toBeUndefined();
  });

  it.each(ending)('%s comes to an end by itself', async (name) => {
    const provider = await start({ behaviour: scenario(name).behaviour, clock: createInstantClock() });
    const ended = await fetchAnswer(`${provider.url}/v1/messages`, { body: messagesBody() }).then(
      (answer) => answer.end,
      () => 'failed',
    );
    expect(['complete', 'cut', 'failed']).toContain(ended);
  });

  it.each(endless)('%s lasts until the client leaves', async (name) => {
    const provider = await start({ behaviour: scenario(name).behaviour, clock: createInstantClock() });
    const exchange = send(`${provider.url}/v1/messages`, { body: messagesBody() });
    const request = await provider.nextRequest();
    exchange.abort();
    expect(await request.ended).toBe('client_left');
  });

  it.each(SCENARIO_NAMES.filter((name) => scenario(name).expected === 'success'))(
    '%s carries the end of a message',
    async (name) => {
      const provider = await start({ behaviour: scenario(name).behaviour, clock: createInstantClock() });
      const exchange = send(`${provider.url}/v1/messages`, { body: messagesBody(), decode: true });
      await exchange.text('"stop_reason":"');
      exchange.abort();
    },
  );

  it.each(FAILURE_NAMES.filter((name) => scenario(name).expected === 'cut_late'))(
    '%s shows text and no stop_reason',
    async (name) => {
      const provider = await start({ behaviour: scenario(name).behaviour, clock: createInstantClock() });
      const exchange = send(`${provider.url}/v1/messages`, { body: messagesBody() });
      await exchange.text('text_delta');
      if (scenario(name).endless) exchange.abort();
      const answer = await exchange.end;
      expect(answer.text).not.toMatch(/"stop_reason":"/);
    },
  );
});
