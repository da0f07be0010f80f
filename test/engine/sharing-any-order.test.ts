import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type PlayedAnswer, type PlayedClient, startSharedPlay, type Wish } from '../support/shared-play.ts';

type Step =
  | { readonly do: 'ask'; readonly wish: Wish }
  | { readonly do: 'leave' | 'slow' | 'resume'; readonly who: number }
  | { readonly do: 'more' | 'finish' | 'cap' | 'fail' | 'refuse'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'reload' };

const wish: fc.Arbitrary<Wish> = fc.record(
  {
    stream: fc.boolean(),
    maxTokens: fc.constantFrom(10, 10, 20),
    pin: fc.constantFrom('A', 'B'),
    bypass: fc.constant(true),
    count: fc.constant(true),
  },
  { requiredKeys: ['stream', 'maxTokens'] },
);
const usual: fc.Arbitrary<Wish> = fc.record({ stream: fc.boolean(), maxTokens: fc.constant(10) });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('ask' as const), wish: fc.oneof(usual, usual, wish) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('leave', 'slow', 'resume', 'resume'),
      who: fc.nat(5),
    }) as fc.Arbitrary<Step>,
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('more' as const), which: fc.nat(2) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('finish', 'cap', 'fail', 'refuse'),
      which: fc.nat(2),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(100, 4_000, 30_000, 180_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'reload' as const }) },
);

const world = fc.record({
  steps: fc.array(step, { maxLength: 50, size: 'max' }),
  linger: fc.constantFrom(0, 0, 20),
  replay: fc.constantFrom(0, 500, 1_000_000),
  queue: fc.constantFrom(300, 1_000_000),
  room: fc.constantFrom(3_000, 1_000_000),
  cache_ttl: fc.constantFrom(0, 60),
  /** The balancer ends before the answers have. */
  stops: fc.boolean(),
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('in any order of clients and answers each gets one answer’s bytes, nothing runs for nobody, and all room is given back', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ steps, linger, replay, queue, room, cache_ttl, stops }) => {
      const deduplication = { linger, max_replay_bytes: replay, max_queue_bytes: queue };
      const play = await startSharedPlay({ deduplication, cache_ttl }, room);
      const { clock, answers, engine } = play;
      const clients: PlayedClient[] = [];
      const pick = <T>(list: readonly T[], at: number): T | undefined => list[list.length - 1 - at];
      const running = () => answers.filter(({ isOver }) => !isOver);
      for (const step of steps) {
        if (step.do === 'reload') play.reload();
        else if (step.do === 'ask') clients.push(play.ask(step.wish));
        else if (step.do === 'wait') clock.advance(step.ms);
        else if ('who' in step) pick(clients, step.who)?.[step.do]();
        else act(step.do, pick(running(), step.which));
        await turn();
        expect(play.booked()).toBeLessThanOrEqual(room);
      }
      if (stops) {
        const drained = engine.drain();
        clock.advance(3_600_000);
        await drained;
      }
      for (let round = 0; engine.status().inFlight > 0 && round < 100; round += 1) {
        for (const client of clients) client.resume();
        for (const answer of running()) answer.finish();
        if (running().length === 0) clock.advance(1_000);
        await turn();
      }
      clock.advance(60_000);
      await turn();
      const ends = play.events.filter(({ type }) => type === 'request.ended').length;
      expect([engine.status().inFlight, running().length, play.booked(), ends]).toEqual([
        0,
        0,
        0,
        clients.length,
      ]);
      expect(engine.cache().broadcasts).toEqual([]);
      expect(play.events.filter(({ type }) => type === 'fault')).toEqual([]);
      for (const client of clients) check(client, answers);
      await engine.stop();
    }),
    { numRuns: 200 },
  );
}, 60_000);

function act(what: 'more' | 'finish' | 'cap' | 'fail' | 'refuse', answer: PlayedAnswer | undefined): void {
  if (what === 'cap') answer?.finish('max_tokens');
  else if (what === 'refuse') answer?.refuse(answer.count ? 404 : 500);
  else answer?.[what]();
}

/** What a client has is of one answer, whole or up to a point. */
function check(client: PlayedClient, answers: readonly PlayedAnswer[]): void {
  const { wish, before, got, status, ending, hasLeft, surplus } = client;
  expect(surplus).toBe(0);
  if (!hasLeft) expect(ending).toBeDefined();
  if (status !== 200 || got === '') return;
  if (wish.count === true) {
    expect(got).toMatch(/^\{"input_tokens":\d+\}$/);
    return;
  }
  const number = /\[[AB](\d+)\.0\]/.exec(got)?.[1];
  const answer = answers[Number(number) - 1];
  if (answer === undefined) {
    // Broken before its first content had come to it, or an error of ours after early headers.
    expect(got).not.toContain('message_stop');
    return;
  }
  // Only a kept answer is older than its request, and that is a whole one.
  if (before.has(answer.number))
    expect([answer.stopReason !== undefined, wish.bypass]).toEqual([true, undefined]);
  if (answer.stopReason === 'max_tokens' && !hasLeft)
    expect(wish.maxTokens).toBeLessThanOrEqual(answer.maxTokens);
  if (wish.pin !== undefined) expect(answer.provider).toBe(wish.pin);
  if (!wish.stream) expect(textOf(got)).toBe(answer.text());
  else if (answer.stream) {
    const errorAt = got.indexOf('event: error');
    const own = errorAt === -1 ? got : got.slice(0, errorAt);
    expect(answer.sent.startsWith(own)).toBe(true);
    if (!hasLeft && ending === 'end' && errorAt === -1) expect(got).toBe(answer.sent);
  } else if (!hasLeft) expect(got).toContain(answer.text());
}

function textOf(message: string): string {
  const { content } = JSON.parse(message) as { content: { text: string }[] };
  return content.map(({ text }) => text).join('');
}
