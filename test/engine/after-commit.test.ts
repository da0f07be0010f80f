import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { errorEvent } from '../../src/simulator/errors.ts';
import { scenario } from '../../src/simulator/scenarios.ts';
import { LATE_STREAM_SCENARIOS } from '../../src/simulator/scenarios-stream.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { useProviders } from '../support/providers.ts';
import { traceOf } from '../support/providers-view.ts';

const balance = useBench();
const start = useProviders();

const CLAUDE_CODE = { 'user-agent': 'claude-cli/2.1.329 (external, cli)' };
const OTHERS = { 'user-agent': 'python-requests/2.32' };

async function worldOf(behaviour: Behaviour, settings: Readonly<Record<string, unknown>> = {}) {
  const clock = new ManualClock();
  const first = await start({ name: 'first', behaviour, clock });
  const second = await start({ name: 'second' });
  const bench = await balance({ providers: [entry(first), entry(second)], settings }, { clock });
  return { bench, clock, first, second };
}

const LATE = Object.entries<{
  readonly about: string;
  readonly behaviour: Behaviour;
  readonly endless?: true;
}>(LATE_STREAM_SCENARIOS).map(([name, { about, behaviour, endless = false }]) => ({
  name,
  about,
  behaviour,
  endless,
}));

/** Scenarios in which the provider itself sends an error event, and one that leaves half an event. */
const SPEAKS = 'sse_error_mid_text';
const TORN = 'reset_mid_event';

describe('after the commit nothing is spliced, and the provider is to blame', () => {
  it.each(LATE)('$name: $about', async ({ name, behaviour, endless }) => {
    const { bench, clock, second } = await worldOf(behaviour);
    for (const [number, headers] of [CLAUDE_CODE, OTHERS].entries()) {
      const answer = bench.messages({ headers });
      await answer.text('content_block_delta');
      if (endless) clock.advance(120_000);
      const { end, text, events } = await answer.end;
      const isCut = name !== SPEAKS && (headers === CLAUDE_CODE || name === TORN);
      expect(end).toBe(isCut ? 'cut' : 'complete');
      expect(text).toContain('content_block_delta');
      expect(text).not.toContain('message_stop');
      if (isCut) expect(text).not.toContain('event: error');
      else expect(events.at(-1)).toMatchObject({ name: 'error' });
      expect(await bench.ended(number + 1)).toMatchObject({ result: 'broken' });
      const cools = number === 0 ? null : 60;
      expect(traceOf(await bench.provider('first'))).toEqual({ failures: `${number + 1}/2`, cools });
      expect((await bench.provider('first')).last_error?.kind).toBe('cut_late');
    }
    expect(second.requests).toHaveLength(0);
  });
});

describe('the end of a stream', () => {
  it("passes the upstream's error event as it came, to every client", async () => {
    const words = errorEvent('overloaded_error', 'The very words “of” the provider');
    const { bench } = await worldOf({ kind: 'cut', after: 'delta', add: [words], ends: 'end' });
    for (const headers of [CLAUDE_CODE, OTHERS]) {
      const { end, text } = await bench.messages({ headers }).end;
      expect(end).toBe('complete');
      expect(text.endsWith(`event: error\ndata: ${JSON.stringify(words.data)}\n\n`)).toBe(true);
    }
  });

  it('comes at message_stop though the upstream holds its connection open', async () => {
    const { bench, first } = await worldOf(scenario('open_after_message_stop').behaviour);
    const { end, events } = await bench.messages().end;
    expect(end).toBe('complete');
    expect(events.at(-1)?.name).toBe('message_stop');
    expect(await bench.ended(1)).toMatchObject({ result: 'served' });
    bench.clock.advance(1_000);
    expect(await first.requests[0]?.ended).toBe('client_left');
    expect((await bench.provider('first')).failures).toBe('0/2');
  });

  it.each(['fin_after_message_delta', 'reset_after_message_delta'] as const)(
    'gets the message_stop that %s left out, and is a success',
    async (name) => {
      const { bench } = await worldOf(scenario(name).behaviour);
      for (const headers of [CLAUDE_CODE, OTHERS]) {
        const { end, events } = await bench.messages({ headers }).end;
        expect(end).toBe('complete');
        expect(events.filter((event) => event.name === 'message_stop')).toHaveLength(1);
        expect(events.at(-1)?.name).toBe('message_stop');
      }
      await bench.ended(2);
      expect((await bench.provider('first')).requests).toMatchObject({ successes: 2, failures: 0 });
    },
  );

  it('is completed too where the upstream falls silent after its stop_reason, and is a success', async () => {
    const { bench, clock } = await worldOf({ kind: 'cut', after: 'message_delta', ends: 'stall' });
    const answer = bench.messages();
    await answer.text('stop_reason":"end_turn');
    clock.advance(120_000);
    const { end, events } = await answer.end;
    expect(end).toBe('complete');
    expect(events.at(-1)?.name).toBe('message_stop');
    await bench.ended(1);
    expect((await bench.provider('first')).requests).toMatchObject({ successes: 1, failures: 0 });
  });
});

describe('pings of our own', () => {
  it('come after ping_interval of silence, between events only', async () => {
    const { bench, clock, first } = await worldOf({ kind: 'message', hold: 'before_last' });
    const answer = bench.messages();
    await answer.text('message_delta');
    for (const count of [1, 2, 3]) {
      clock.advance(15_000);
      await bench.until(`ping ${count}`, () => pingsIn(answer.chunks) === count);
    }
    first.release();
    const { events, end } = await answer.end;
    expect(end).toBe('complete');
    expect(events.map(({ name }) => name).slice(-4)).toEqual(['ping', 'ping', 'ping', 'message_stop']);
  });

  it('do not come while an event is open', async () => {
    const half = { kind: 'text', text: 'event: content_block_delta\ndata: {"type":"content_bl' } as const;
    const rest = {
      kind: 'text',
      text: 'ock_delta","index":0,"delta":{"type":"text_delta","text":"x"}}\n\n',
    } as const;
    const { bench, clock, first } = await worldOf({
      kind: 'cut',
      after: 'delta',
      add: [half, { kind: 'hold' }, rest],
      ends: 'end',
    });
    const answer = bench.messages();
    await answer.text('{"type":"content_bl');
    await (await first.nextRequest()).held;
    await answer.text('data: {"type":"content_bl');
    clock.advance(60_000);
    first.release();
    expect(pingsIn((await answer.end).chunks)).toBe(0);
  });

  it('do not come with ping_interval: 0', async () => {
    const { bench, clock, first } = await worldOf(
      { kind: 'message', hold: 'before_last' },
      { ping_interval: 0 },
    );
    const answer = bench.messages();
    await answer.text('message_delta');
    clock.advance(100_000);
    first.release();
    expect(pingsIn((await answer.end).chunks)).toBe(0);
  });

  it('never hide a dead upstream: it is given up after read_timeout without a byte of its own', async () => {
    const { bench, clock } = await worldOf({ kind: 'cut', after: 'delta', ends: 'stall' });
    const answer = bench.messages({ headers: OTHERS });
    await answer.text('content_block_delta');
    clock.advance(119_999);
    expect(bench.balancer.engine.status().inFlight).toBe(1);
    clock.advance(1);
    const { events } = await answer.end;
    expect(events.filter(({ name }) => name === 'ping').length).toBe(7);
    expect(events.at(-1)?.name).toBe('error');
  });
});

function pingsIn(chunks: readonly Buffer[]): number {
  return Buffer.concat(chunks).toString().split('event: ping').length - 1;
}
