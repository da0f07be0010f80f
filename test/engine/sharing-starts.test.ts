import { afterEach, describe, expect, it } from 'vitest';
import { type SharedPlay, startSharedPlay } from '../support/shared-play.ts';

const running: SharedPlay[] = [];

afterEach(async () => {
  for (const { engine } of running.splice(0)) await engine.stop();
});

async function play(settings: Readonly<Record<string, unknown>> = {}): Promise<SharedPlay> {
  const started = await startSharedPlay(settings);
  running.push(started);
  return started;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const STREAM = { stream: true, maxTokens: 10 };

describe('an upstream request', () => {
  it('is not begun for clients that have all left or gone their own way', async () => {
    const { ask, answers, engine } = await play({ max_attempts: 0 });
    const free = ask(STREAM);
    ask({ ...STREAM, pin: 'A' });
    free.leave();
    await turn();
    answers[0]?.refuse(500);
    await turn();
    expect(answers.map(({ provider }) => provider)).toEqual(['A', 'A']);
    answers[1]?.finish();
    await turn();
    expect(engine.status().inFlight).toBe(0);
  });
});

describe('requests that wait too long for another one', () => {
  it('share one of their own', async () => {
    const { ask, answers, clock } = await play({ timeouts: { streaming: { first_content_timeout: 600 } } });
    const first = ask(STREAM);
    const others = [ask(STREAM), ask(STREAM), ask(STREAM)];
    await turn();
    clock.advance(180_000);
    await turn();
    expect(answers).toHaveLength(2);
    answers[1]?.finish();
    await turn();
    for (const other of others) expect([other.ending, other.got.includes('[A2.0]')]).toEqual(['end', true]);
    expect(first.ending).toBeUndefined();
    answers[0]?.finish();
    await turn();
    expect(first.got).toContain('[A1.0]');
  });
});

describe('a kept answer', () => {
  it('is the newest request’s, though an older one ends after it', async () => {
    const { ask, answers } = await play({ cache_ttl: 60 });
    ask(STREAM);
    await turn();
    ask({ ...STREAM, bypass: true });
    await turn();
    answers[1]?.finish();
    await turn();
    answers[0]?.finish();
    await turn();
    const hit = ask(STREAM);
    await turn();
    expect(answers).toHaveLength(2);
    expect(hit.got).toContain('[A2.0]');
  });
});
