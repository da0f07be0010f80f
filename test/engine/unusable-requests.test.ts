import { describe, expect, it } from 'vitest';
import { logLine } from '../../src/telemetry/log-line.ts';
import { GOOD } from '../support/behaviours.ts';
import { BODY, entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

describe('a request that cannot be read', () => {
  it.each([
    ['is no JSON', '{"model": "secret prompt" oops', 'the request body is not valid JSON'],
    ['names no model', BODY.replace('"model"', '"modell"'), 'model: Field required'],
  ])('because it %s leaves a line with its id, without its content', async (_, body, reason) => {
    const bench = await balance({ providers: [entry(await start())] });
    const answer = await bench.messages({ body }).end;
    expect(answer.status).toBe(400);
    const id = answer.header('x-balancer-request-id');
    expect(answer.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining(reason) },
      request_id: id,
    });
    const rejected = bench.events.filter(({ type }) => type === 'request.rejected');
    expect(rejected).toEqual([
      {
        type: 'request.rejected',
        requestId: id,
        path: '/v1/messages',
        status: 400,
        reason: expect.stringContaining(reason),
      },
    ]);
    expect(JSON.stringify(rejected)).not.toContain('secret prompt');
  });
});

describe('a request that names its provider', () => {
  const pinned = (provider: string) => ({ body: BODY.replace('{', `{ "provider": "${provider}",`) });

  it.each([
    ['of a type that is not served yet', { type: 'zed' }, 'zed'],
    ['without a credential', { auth_value: undefined }, 'credential'],
    ['that signs in by OAuth', { auth_type: 'oauth', auth_value: undefined }, 'oauth'],
    ['that is switched off', { enabled: false }, 'switched off in the configuration file'],
  ])('%s hears the real reason', async (_, changes, reason) => {
    const bench = await balance({
      providers: [entry(await start({ name: 'good' })), entry(await start({ name: 'odd' }), changes)],
    });
    const answer = await bench.messages(pinned('odd')).end;
    expect(answer.status).toBe(404);
    const { error } = answer.json() as { error: { type: string; message: string } };
    expect(error.type).toBe('not_found_error');
    expect(error.message.toLowerCase()).toContain(reason);
    expect(error.message).toContain('Providers in use: good');
    expect(error.message).not.toContain(' or has no usable credential');
  });

  it('that does not exist is told as the mistake it is, not as an outage', async () => {
    const bench = await balance({ providers: [entry(await start({ name: 'good' }))] });
    expect((await bench.messages(pinned('nobody')).end).status).toBe(404);
    const ended = await bench.ended(1);
    expect(ended).toMatchObject({ result: 'refused', status: 404 });
    expect(logLine(ended, 0).level).toBe('warn');
  });
});

describe('an error of our own', () => {
  const down = { kind: 'http', status: 500 } as const;
  it.each([
    ['for a body that is no JSON', 400, GOOD, { body: 'oops' }],
    ['for an unknown provider', 404, GOOD, { body: BODY.replace('{', '{ "provider": "nobody",') }],
    ['when every provider failed', 503, down, {}],
  ])('%s has its id under both names', async (_, status, behaviour, options) => {
    const bench = await balance({
      providers: [entry(await start({ behaviour }))],
      settings: { hold_while_cooling: 0 },
    });
    const answer = await bench.messages(options).end;
    expect(answer.status).toBe(status);
    const id = answer.header('request-id');
    expect(id).toMatch(/^req_/);
    expect(answer.header('x-balancer-request-id')).toBe(id);
    expect(answer.json()).toMatchObject({ request_id: id });
  });
});
