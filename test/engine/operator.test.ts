import { describe, expect, it } from 'vitest';
import { GOOD } from '../support/behaviours.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

describe('an operator', () => {
  const shared = async () => {
    const upstream = await start({ name: 'shared', behaviour: GOOD });
    const other = await start({ name: 'other' });
    return balance({
      providers: [
        entry(upstream, { account_email: 'a@example.com' }),
        entry(other),
        entry(upstream, { account_email: 'b@example.com' }),
      ],
    });
  };
  const disabled = async (bench: Awaited<ReturnType<typeof shared>>) =>
    (await bench.view()).providers.filter((each) => each.disabled_by_hand).map(({ id }) => id);

  it('who names what several accounts share means all of them', async () => {
    const bench = await shared();
    const answer = await bench.post('/providers/shared/disable');
    expect(answer.json()).toMatchObject({
      message: expect.stringContaining('shared#a@example.com, shared#b@example.com: each is switched off'),
      providers: [{ id: 'shared#a@example.com' }, { id: 'shared#b@example.com' }],
    });
    expect(answer.json()).not.toHaveProperty('provider');
    expect(await disabled(bench)).toEqual(['shared#a@example.com', 'shared#b@example.com']);
    expect((await bench.messages().end).header('x-balancer-provider')).toBe('other');
    await bench.post('/providers/shared/enable');
    expect(await disabled(bench)).toEqual([]);
    const operated = bench.events.filter(({ type }) => type === 'provider.operated');
    expect(operated).toHaveLength(4);
  });

  it('who names an account by its id means that one', async () => {
    const bench = await shared();
    const answer = await bench.post(`/providers/${encodeURIComponent('shared#b@example.com')}/disable`);
    expect(answer.json()).toMatchObject({
      provider: { id: 'shared#b@example.com' },
      providers: [{ id: 'shared#b@example.com' }],
    });
    expect(await disabled(bench)).toEqual(['shared#b@example.com']);
  });

  it('who names nobody hears whom there is', async () => {
    const answer = await (await shared()).post('/providers/nobody/reset');
    expect([answer.status, answer.text]).toEqual([
      404,
      expect.stringContaining('shared#a@example.com, other'),
    ]);
  });
});
