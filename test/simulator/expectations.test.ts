import { describe, expect, it } from 'vitest';
import { classifyResponse } from '../../src/domain/failures/classify.ts';
import { classifyTransport } from '../../src/domain/failures/classify-transport.ts';
import { ADDRESS_FAULTS } from '../../src/simulator/address-faults.ts';
import type { AddressFault } from '../../src/simulator/scenario.ts';
import { FAILURE_NAMES, type ScenarioName, scenario } from '../../src/simulator/scenarios.ts';
import { CONNECTION_SCENARIOS } from '../../src/simulator/scenarios-connection.ts';
import { HTTP_SCENARIOS } from '../../src/simulator/scenarios-http.ts';
import { fetchAnswer, messagesBody } from '../support/client.ts';
import { useProviders } from '../support/providers.ts';
import { useTransports } from '../support/transports.ts';

const start = useProviders();
const { transportOf, send } = useTransports();

const NO_LISTS = { httpCodes: [], errorTypes: [], exceptionPatterns: [], responseBodyPatterns: [] };
const JSON_HEADERS = ['content-type', 'application/json'];

const failingByStatus = FAILURE_NAMES.filter((name) => {
  const { behaviour } = scenario(name);
  if (!(name in HTTP_SCENARIOS) || behaviour.kind === 'cut') return false;
  return behaviour.kind === 'echo' || (behaviour.kind === 'http' && behaviour.status !== 200);
});
const failingBelowHttp = FAILURE_NAMES.filter(
  (name) => name in CONNECTION_SCENARIOS && scenario(name).endless === undefined,
);

describe('the outcome that the catalogue expects is that of the failure table', () => {
  it.each(failingByStatus)('for the status and body of %s', async (name: ScenarioName) => {
    const provider = await start({ behaviour: scenario(name).behaviour });
    const answer = await fetchAnswer(`${provider.url}/v1/messages`, { body: messagesBody(), decode: true });
    const failure = classifyResponse({
      status: answer.status,
      headers: answer.rawHeaders,
      body: answer.text,
      credential: 'own',
      endpoint: 'messages',
      now: Date.now(),
      lists: NO_LISTS,
    });
    expect(failure.kind).toBe(scenario(name).expected);
  });

  it.each(failingBelowHttp)('for the broken exchange of %s', async (name: ScenarioName) => {
    const provider = await start({ behaviour: scenario(name).behaviour });
    const recording = send(transportOf(), {
      url: `${provider.url}/v1/messages`,
      headers: JSON_HEADERS,
      body: Buffer.from(JSON.stringify(messagesBody())),
    });
    expect(classifyTransport((await recording.finished()).failure, 'before_headers').kind).toBe(
      scenario(name).expected,
    );
  });

  const faults: readonly (readonly [string, AddressFault])[] = Object.entries(ADDRESS_FAULTS);
  const failingAtOnce = faults.filter(([, fault]) => fault.endless === undefined);
  it.each(failingAtOnce)('for the address fault %s', async (_name, fault) => {
    const address = await fault.open();
    const recording = send(transportOf(), { url: `${address.url}/v1/messages`, headers: JSON_HEADERS });
    expect(classifyTransport((await recording.finished()).failure, 'before_headers').kind).toBe(
      fault.expected,
    );
    await address.close();
  });
});
