import { describe, expect, it } from 'vitest';
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
