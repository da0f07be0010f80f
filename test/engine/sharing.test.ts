import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { errorEvent } from '../../src/simulator/errors.ts';
import { GOOD, HELD, SILENCE } from '../support/behaviours.ts';
import { fetchAnswer } from '../support/client.ts';
import { type Bench, type BenchFile, entry, useBench, WHOLE_BODY } from '../support/engine-bench.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { useProviders } from '../support/providers.ts';
import { duplicate } from '../support/session.ts';

const balance = useBench();
const start = useProviders();

const IMPATIENT = { streaming: { first_content_timeout: 5 } };
const HELD_AT_END: Behaviour = { kind: 'message', hold: 'before_last', text: 'The whole answer.' };

async function worldOf(behaviour: Behaviour | Behaviour[], file: Partial<BenchFile> = {}) {
  const clock = new ManualClock();
  const only = await start({ name: 'only', behaviour, clock });
  const bench = await balance({ providers: [entry(only)], ...file }, { clock });
  return { bench, only, clock };
}

async function cacheOf(bench: Bench) {
  return (await fetchAnswer(`${bench.url}/cache`)).json() as {
    entries: number;
    hits: number;
    broadcasts: { subscribers: number; committed: boolean; provider?: string }[];
  };
}

/** Resolves when so many clients share the one exchange. */
async function shared(bench: Bench, number: number): Promise<void> {
  await bench.until(`${number} duplicates`, () => joins(bench) >= number);
}

function joins(bench: Bench): number {
  return bench.events.filter(({ type }) => type === 'request.joined').length;
}

describe('equal requests at one time', () => {
  it('cost one upstream request, and each gets the same bytes under an id of its own', async () => {
    const { bench, only } = await worldOf({ ...HELD, pieces: 50 } as Behaviour);
    const answers = Array.from({ length: 100 }, () => bench.messages(duplicate()));
    await shared(bench, 99);
    expect(await cacheOf(bench)).toMatchObject({
      broadcasts: [{ subscribers: 100, committed: false, provider: 'only' }],
    });
    only.release();
    const ended = await Promise.all(answers.map(({ end }) => end));
    expect(only.requests).toHaveLength(1);
    expect(new Set(ended.map(({ text }) => text)).size).toBe(1);
    expect(ended[0]?.events.at(-1)?.name).toBe('message_stop');
    expect(new Set(ended.map((answer) => answer.header('x-balancer-request-id'))).size).toBe(100);
    await bench.ended(100);
    const ends = bench.events.filter((event) => event.type === 'request.ended');
    expect(ends.every(({ result, provider }) => result === 'served' && provider === 'only')).toBe(true);
    expect(ends.filter(({ usage }) => usage !== undefined)).toHaveLength(1);
    expect(bench.balancer.engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
    expect((await cacheOf(bench)).broadcasts).toEqual([]);
  });

  it('share a stream that has begun: the beginning is replayed', async () => {
    const { bench, only } = await worldOf(HELD_AT_END);
    const first = bench.messages(duplicate());
    await first.text('content_block_delta');
    const second = bench.messages(duplicate());
    await second.text('content_block_delta');
    only.release();
    const [one, two] = await Promise.all([first.end, second.end]);
    expect(two.text).toBe(one.text);
    expect(only.requests).toHaveLength(1);
  });

  it('share the failover before the commit', async () => {
    const first = await start({ name: 'first', behaviour: { kind: 'http', status: 500, delayMs: 50 } });
    const second = await start({ name: 'second', behaviour: HELD });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    const answers = [bench.messages(duplicate()), bench.messages(duplicate())];
    await shared(bench, 1);
    await second.nextRequest();
    second.release();
    const ended = await Promise.all(answers.map(({ end }) => end));
    expect(ended.map((answer) => answer.header('x-balancer-provider'))).toEqual(['second', 'second']);
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });

  it('share a final error, each with its own id in it', async () => {
    const settings = { hold_while_cooling: 0, max_attempts: 0, timeouts: IMPATIENT };
    const { bench } = await worldOf(SILENCE, { settings });
    const answers = [bench.messages(duplicate()), bench.messages(duplicate())];
    await shared(bench, 1);
    bench.clock.advance(5_000);
    const ended = await Promise.all(answers.map(({ end }) => end));
    expect(ended.map(({ status }) => status)).toEqual([503, 503]);
    for (const { text, header } of ended) expect(text).toContain(header('x-balancer-request-id'));
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['another session', { 'x-claude-code-session-id': 'other' }],
    ['another agent', { 'x-claude-code-agent-id': 'agent' }],
    ['other betas', { 'anthropic-beta': 'new' }],
    ['another version', { 'anthropic-version': '2024-01-01' }],
    ['another credential', { 'x-api-key': 'someone else' }],
    ['x-balancer-cache: bypass', { 'x-balancer-cache': 'bypass' }],
  ])('with %s are two', async (_, headers) => {
    const { bench, only } = await worldOf(HELD);
    const answers = [bench.messages(duplicate()), bench.messages(duplicate(headers))];
    await bench.until('two requests', () => only.requests.filter(({ complete }) => complete).length === 2);
    only.release();
    await Promise.all(answers.map(({ end }) => end));
    expect(joins(bench)).toBe(0);
  });

  it('of callers with different keys to the balancer are two', async () => {
    const settings = { auth: { enabled: true, api_key: ['one', 'two'] } };
    const { bench, only } = await worldOf(HELD, { settings });
    const answers = ['one', 'two'].map((key) => bench.messages(duplicate({ 'x-api-key': key })));
    await bench.until('two requests', () => only.requests.filter(({ complete }) => complete).length === 2);
    only.release();
    for (const { end } of answers) expect((await end).status).toBe(200);
  });

  it('without a session are two, unless everyone shares', async () => {
    const body = duplicate().body;
    for (const scope of ['session', 'all']) {
      const { bench, only } = await worldOf(HELD, { settings: { deduplication: { scope } } });
      const answers = [bench.messages({ body }), bench.messages({ body })];
      const number = scope === 'all' ? 1 : 2;
      if (scope === 'all') await shared(bench, 1);
      await bench.until('the requests', () => only.requests.length === number);
      only.release();
      await Promise.all(answers.map(({ end }) => end));
      expect(only.requests).toHaveLength(number);
    }
  });

  it('are two where sharing is off', async () => {
    const { bench, only } = await worldOf(HELD, { settings: { deduplication: { enabled: false } } });
    const answers = [bench.messages(duplicate()), bench.messages(duplicate())];
    await bench.until('two requests', () => only.requests.filter(({ complete }) => complete).length === 2);
    only.release();
    await Promise.all(answers.map(({ end }) => end));
  });

  it('of two sub-agents with the same prompt are two, as Claude Code sends them', async () => {
    const { bench, only } = await worldOf(HELD);
    const answers = ['a', 'b'].map((twin) => {
      const { headers, body } = recorded(`subagent-twin-${twin}`);
      return bench.messages({ headers, body, deadlineMs: 10_000 });
    });
    await bench.until('two requests', () => only.requests.filter(({ complete }) => complete).length === 2);
    only.release();
    for (const { end } of answers) expect((await end).status).toBe(200);
    expect(joins(bench)).toBe(0);
  });

  it('go their own way after deduplication.timeout without a first content', async () => {
    const { bench, only } = await worldOf([SILENCE, GOOD], { settings: { deduplication: { timeout: 5 } } });
    const first = bench.messages(duplicate());
    await only.nextRequest();
    const second = bench.messages(duplicate());
    await shared(bench, 1);
    bench.clock.advance(5_000);
    expect((await second.end).status).toBe(200);
    expect(only.requests).toHaveLength(2);
    first.abort();
    await bench.ended(2);
  });

  it('of which one is pinned share if the other is at that provider, else they do not', async () => {
    const first = await start({ name: 'first', behaviour: HELD });
    const second = await start({ name: 'second', behaviour: HELD });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    const answers = [bench.messages(duplicate())];
    await first.nextRequest();
    answers.push(bench.messages(duplicate({ 'x-provider': 'first' })));
    await shared(bench, 1);
    answers.push(bench.messages(duplicate({ 'x-provider': 'second' })));
    await second.nextRequest();
    first.release();
    second.release();
    const ended = await Promise.all(answers.map(({ end }) => end));
    expect(ended.map((answer) => answer.header('x-balancer-provider'))).toEqual(['first', 'first', 'second']);
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });

  it('go their own way if the one they joined moves on to another provider than they want', async () => {
    const first = await start({ name: 'first', behaviour: [SILENCE, GOOD] });
    const second = await start({ name: 'second', behaviour: HELD });
    const clock = new ManualClock();
    const settings = { timeouts: IMPATIENT };
    const bench = await balance({ providers: [entry(first), entry(second)], settings }, { clock });
    const free = bench.messages(duplicate());
    await first.nextRequest();
    const pinned = bench.messages(duplicate({ 'x-provider': 'first' }));
    await shared(bench, 1);
    clock.advance(5_000);
    expect((await pinned.end).header('x-balancer-provider')).toBe('first');
    second.release();
    expect((await free.end).header('x-balancer-provider')).toBe('second');
  });
});

describe('a stream and a message', () => {
  it('share a stream: the message is assembled of it', async () => {
    const { bench, only } = await worldOf(HELD_AT_END);
    const stream = bench.messages(duplicate());
    await stream.text('content_block_delta');
    const whole = bench.messages(duplicate({}, WHOLE_BODY));
    await shared(bench, 1);
    only.release();
    expect(await whole.end).toMatchObject({ status: 200 });
    const answer = await whole.end;
    expect(answer.header('content-type')).toBe('application/json');
    expect(answer.json()).toMatchObject({
      content: [{ text: 'The whole answer.' }],
      stop_reason: 'end_turn',
    });
    expect((await stream.end).end).toBe('complete');
    expect(only.requests).toHaveLength(1);
  });

  it('share a message: the stream is played from it', async () => {
    const { bench, only } = await worldOf({ kind: 'message', hold: 'before_head', text: 'All at once.' });
    const whole = bench.messages(duplicate({}, WHOLE_BODY));
    await only.nextRequest();
    const stream = bench.messages(duplicate());
    await shared(bench, 1);
    only.release();
    const { events, text, header } = await stream.end;
    expect(header('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(events.map(({ name }) => name)).toContain('message_stop');
    expect(text).toContain('All at once.');
    expect((await whole.end).json()).toMatchObject({ content: [{ text: 'All at once.' }] });
    expect(only.requests).toHaveLength(1);
  });

  it('go apart if the stream breaks: the message has a request of its own', async () => {
    const held: Behaviour = { kind: 'cut', after: 'delta', add: [{ kind: 'hold' }], ends: 'reset' };
    const { bench, only } = await worldOf([held, GOOD]);
    const stream = bench.messages(duplicate());
    await stream.text('content_block_delta');
    const wholes = [1, 2].map(() => bench.messages(duplicate({}, WHOLE_BODY)));
    await shared(bench, 2);
    only.release();
    for (const { end } of wholes) expect((await end).status).toBe(200);
    expect((await stream.end).text).not.toContain('message_stop');
    expect(only.requests).toHaveLength(2);
  });

  it('differ where an answer that ended at max_tokens is too short for the other', async () => {
    const short: Behaviour = { kind: 'message', hold: 'before_last', stopReason: 'max_tokens' };
    const { bench, only } = await worldOf([short, GOOD]);
    const stream = bench.messages(duplicate());
    await stream.text('content_block_delta');
    const whole = bench.messages(duplicate({}, WHOLE_BODY.replace('1024', '64000')));
    await shared(bench, 1);
    only.release();
    expect((await whole.end).json()).toMatchObject({ stop_reason: 'end_turn' });
    expect(only.requests).toHaveLength(2);
  });

  it('as two streams of which the later allows more are two from the start', async () => {
    const { bench, only } = await worldOf(HELD);
    const more = String(duplicate().body).replace('1024', '2048');
    const answers = [bench.messages(duplicate()), bench.messages(duplicate({}, more))];
    await bench.until('two requests', () => only.requests.filter(({ complete }) => complete).length === 2);
    only.release();
    await Promise.all(answers.map(({ end }) => end));
  });
});

describe('who leaves', () => {
  it('first does not touch the others', async () => {
    const { bench, only } = await worldOf(HELD_AT_END);
    const first = bench.messages(duplicate());
    await first.text('content_block_delta');
    const second = bench.messages(duplicate());
    await second.text('content_block_delta');
    first.abort();
    await bench.until('one left', () => bench.balancer.engine.cache().broadcasts[0]?.subscribers === 1);
    only.release();
    const { text, end } = await second.end;
    expect([end, text.includes('message_stop')]).toEqual(['complete', true]);
    await bench.ended(2);
    const results = bench.events.flatMap((event) => (event.type === 'request.ended' ? [event.result] : []));
    expect(results.sort()).toEqual(['cancelled', 'served']);
    expect(bench.balancer.engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  });

  it('before the commit does not touch the others either', async () => {
    const { bench, only } = await worldOf(HELD);
    const first = bench.messages(duplicate());
    await only.nextRequest();
    const second = bench.messages(duplicate());
    await shared(bench, 1);
    first.abort();
    await bench.until('one left', () => bench.balancer.engine.cache().broadcasts[0]?.subscribers === 1);
    only.release();
    expect((await second.end).end).toBe('complete');
    await bench.ended(2);
    expect(bench.balancer.engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  });

  it('last closes the upstream at once', async () => {
    const { bench, only } = await worldOf(HELD_AT_END);
    const answers = [bench.messages(duplicate()), bench.messages(duplicate())];
    await Promise.all(answers.map((answer) => answer.text('content_block_delta')));
    for (const answer of answers) answer.abort();
    expect(await only.requests[0]?.ended).toBe('client_left');
    await bench.ended(2);
    expect(bench.balancer.engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  });

  it('last finds the same answer still coming if it comes back within the linger', async () => {
    const { bench, only } = await worldOf(HELD_AT_END, { settings: { deduplication: { linger: 10 } } });
    const first = bench.messages(duplicate());
    await first.text('content_block_delta');
    first.abort();
    await bench.until('nobody', () => bench.balancer.engine.cache().broadcasts[0]?.subscribers === 0);
    bench.clock.advance(9_000);
    const again = bench.messages(duplicate());
    await again.text('content_block_delta');
    bench.clock.advance(9_000);
    only.release();
    expect((await again.end).text).toContain('message_stop');
    expect(only.requests).toHaveLength(1);
  });

  it('last is not waited for beyond the linger', async () => {
    const { bench, only } = await worldOf(HELD_AT_END, { settings: { deduplication: { linger: 10 } } });
    const first = bench.messages(duplicate());
    await first.text('content_block_delta');
    first.abort();
    await bench.until('nobody', () => bench.balancer.engine.cache().broadcasts[0]?.subscribers === 0);
    bench.clock.advance(10_000);
    expect(await only.requests[0]?.ended).toBe('client_left');
    expect(await bench.ended(1)).toMatchObject({ result: 'cancelled' });
  });
});

describe('a shared stream', () => {
  it('that breaks after the commit is gone: who comes then gets a new request', async () => {
    const { bench, only } = await worldOf([{ kind: 'cut', after: 'delta', ends: 'reset' }, GOOD]);
    const broken = await bench.messages(duplicate()).end;
    expect(broken.text).not.toContain('message_stop');
    const next = await bench.messages(duplicate({}, WHOLE_BODY)).end;
    expect([next.status, only.requests.length]).toEqual([200, 2]);
  });

  it('that ends with an error event of the provider ends so for all, and is broken for all', async () => {
    const { bench, only } = await worldOf({
      kind: 'cut',
      after: 'delta',
      add: [{ kind: 'hold' }, errorEvent('overloaded_error', 'too much')],
      ends: 'end',
    });
    const answers = [bench.messages(duplicate()), bench.messages(duplicate())];
    await Promise.all(answers.map((answer) => answer.text('content_block_delta')));
    only.release();
    for (const { end } of answers) expect((await end).events.at(-1)?.name).toBe('error');
    expect([(await bench.ended(1)).result, (await bench.ended(2)).result]).toEqual(['broken', 'broken']);
    expect(only.requests).toHaveLength(1);
  });

  it.each([0, 100])('takes nobody once more than max_replay_bytes (%i) have come', async (bytes) => {
    const settings = { deduplication: { max_replay_bytes: bytes } };
    const { bench, only } = await worldOf([HELD_AT_END, GOOD], { settings });
    const first = bench.messages(duplicate());
    await first.text('content_block_delta');
    expect((await bench.messages(duplicate()).end).end).toBe('complete');
    expect(only.requests).toHaveLength(2);
    only.release();
    await first.end;
  });

  it('is brought to its end for all when the balancer shuts down', async () => {
    const { bench, only } = await worldOf(HELD_AT_END);
    const answers = [bench.messages(duplicate()), bench.messages(duplicate())];
    await Promise.all(answers.map((answer) => answer.text('content_block_delta')));
    const stopped = bench.balancer.drain();
    only.release();
    for (const { end } of answers) expect((await end).end).toBe('complete');
    await stopped;
  });
});

function recorded(name: string): { headers: Record<string, string>; body: unknown } {
  const file = new URL(`../fixtures/claude-code/${name}.json`, import.meta.url);
  const { rawHeaders, body } = JSON.parse(readFileSync(file, 'utf8')) as {
    rawHeaders: [string, string][];
    body: unknown;
  };
  const skipped = new Set(['host', 'content-length', 'connection', 'accept-encoding']);
  const headers = rawHeaders.filter(([header]) => !skipped.has(header.toLowerCase()));
  return { headers: Object.fromEntries(headers), body };
}
