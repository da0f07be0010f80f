import { describe, expect, it } from 'vitest';
import { DOWN } from '../support/behaviours.ts';
import { type Bench, entry, keyOf, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const errorOf = async (bench: Bench, options = {}) => {
  const answer = await bench.messages(options).end;
  return { status: answer.status, error: JSON.parse(answer.text).error };
};

describe('settings.expose_provider_errors', () => {
  const failing = async (expose: boolean) => {
    const only = await start({ name: 'only', behaviour: DOWN });
    return balance({
      providers: [entry(only)],
      settings: { hold_while_cooling: 0, max_attempts: 0, expose_provider_errors: expose },
    });
  };

  it('off leaves out the keys about the provider, whoever failed', async () => {
    const { status, error } = await errorOf(await failing(false));
    expect(status).toBe(503);
    expect(Object.keys(error)).toEqual(['type', 'message']);
  });

  it('on names the provider that failed last, with its words and its code, and no key of it', async () => {
    const { status, error } = await errorOf(await failing(true));
    expect(status).toBe(503);
    expect(error).toMatchObject({
      type: 'api_error',
      provider: 'only',
      provider_message: expect.any(String),
    });
    expect(error).toHaveProperty('provider_code');
    expect(JSON.stringify(error)).not.toContain(keyOf('only'));
  });

  it('on says null where no provider had a part: an unknown pin, a body without a model', async () => {
    const bench = await failing(true);
    const nobody = { provider: null, provider_message: null, provider_code: null };
    expect(await errorOf(bench, { headers: { 'x-provider': 'nobody' } })).toMatchObject({
      status: 404,
      error: nobody,
    });
    expect(await errorOf(bench, { body: '{"messages":[]}' })).toMatchObject({ status: 400, error: nobody });
  });
});
