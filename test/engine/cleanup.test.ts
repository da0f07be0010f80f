import { describe, expect, it } from 'vitest';
import { type Bench, entry, useBench } from '../support/engine-bench.ts';
import { json } from '../support/msw-answers.ts';
import { CLIENT_KEY, entryOf, useMswBench, usePlayedProviders } from '../support/msw-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();
const play = usePlayedProviders();
const balancePlayed = useMswBench();

async function answeredBy(bench: Bench, session: string): Promise<string | undefined> {
  const answer = await bench.messages({ headers: { 'x-claude-code-session-id': session } }).end;
  return answer.header('x-balancer-provider');
}

describe('a cleanup', () => {
  it('leaves sessions where they belong as long as they do; by force they choose anew', async () => {
    const providers = await Promise.all(['A', 'B', 'C'].map((name) => start({ name })));
    const bench = await balance({
      providers: providers.map((provider) => entry(provider)),
      settings: { sticky_provider_duration: 300, selection_strategy: 'round_robin' },
    });
    expect([await answeredBy(bench, 'one'), await answeredBy(bench, 'two')]).toEqual(['A', 'B']);
    expect(JSON.parse((await bench.post('/cleanup')).text)).toEqual({
      status: 'cleanup completed',
      cleared: { sessions: 0, model_lists: 0, answers: 0 },
    });
    expect(await answeredBy(bench, 'one')).toBe('A');
    expect(JSON.parse((await bench.post('/cleanup?force=true')).text).cleared.sessions).toBe(2);
    expect(await answeredBy(bench, 'one')).toBe('C');
    bench.clock.advance(300_000);
    expect(JSON.parse((await bench.post('/cleanup?force=false')).text).cleared.sessions).toBe(1);
  });

  it('by force forgets fetched models, which are asked for again', async () => {
    const open = play('open', () => json({ data: [{ id: 'claude-told' }] }));
    const { engine } = await balancePlayed({ providers: [entryOf(open)] });
    const names = (): readonly string[] => engine.models(['x-api-key', CLIENT_KEY]).map(({ id }) => id);
    await expect.poll(names).toEqual(['claude-told']);
    expect(engine.cleanup(false)).toEqual({ sessions: 0, modelLists: 0, answers: 0 });
    expect(engine.cleanup(true)).toEqual({ sessions: 0, modelLists: 1, answers: 0 });
    expect(names()).toEqual([]);
    await expect.poll(names).toEqual(['claude-told']);
    expect(open.received).toHaveLength(2);
  });
});
