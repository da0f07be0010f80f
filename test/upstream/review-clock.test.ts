import { describe, expect, it } from 'vitest';
import { MAX_TIMER_MS } from '../../src/domain/time.ts';
import type { Reply } from '../../src/engine/interface.ts';
import { createReplyWriter } from '../../src/engine/reply-writer.ts';
import { createWatchdog, type Expiry } from '../../src/upstream/watchdog.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

const HOUR_MS = 3_600_000;

function watch(deadlineMs = HOUR_MS) {
  const clock = new SteppedClock();
  const expiries: Expiry[] = [];
  const watchdog = createWatchdog(clock, clock.now() + deadlineMs, (expiry) => expiries.push(expiry));
  return { clock, expiries, watchdog };
}

describe('the wall clock is set back by an hour', () => {
  it('under a total time: it is armed once more, not for an hour more', () => {
    const { clock, expiries, watchdog } = watch();
    watchdog.expect({ totalMs: 180_000 });
    clock.advance(60_000);
    clock.set(-HOUR_MS);
    clock.advance(300_000);
    expect(expiries).toEqual(['total']);
  });

  it('under a gap: silence is found out within two gaps', () => {
    const { clock, expiries, watchdog } = watch();
    watchdog.expect({ gapMs: 120_000 });
    clock.advance(60_000);
    clock.set(-HOUR_MS);
    clock.advance(180_000);
    expect(expiries).toEqual(['gap']);
  });

  it("under a request's deadline: it moves along", () => {
    const { clock, expiries, watchdog } = watch(300_000);
    watchdog.expect({});
    clock.advance(60_000);
    clock.set(-HOUR_MS);
    clock.advance(540_000);
    expect(expiries).toEqual(['deadline']);
  });

  it('while the client is paused: the pause is none of it', () => {
    const { clock, expiries, watchdog } = watch();
    watchdog.expect({ totalMs: 180_000 });
    watchdog.pause();
    clock.set(-HOUR_MS);
    clock.advance(10_000);
    watchdog.resume();
    expect(expiries).toEqual([]);
    clock.advance(360_000);
    expect(expiries).toEqual(['total']);
  });

  it('in a silent stream: the pings go on', async () => {
    const clock = new SteppedClock();
    const replies: Reply[] = [];
    const writer = createReplyWriter({
      answer: (reply) => replies.push(reply),
      clock,
      pingIntervalMs: 15_000,
      ping: Buffer.from('ping'),
      onResume: () => {},
    });
    writer.open(200, []);
    const body = replies[0]?.body;
    let pings = 0;
    if (body !== undefined && !Buffer.isBuffer(body))
      body.pipe({
        chunk: () => {
          pings += 1;
          return true;
        },
        end() {},
        cut() {},
      });
    clock.advance(10_000);
    clock.set(-HOUR_MS);
    clock.advance(60_000);
    expect(pings).toBeGreaterThanOrEqual(2);
  });
});

describe('a limit longer than any timer', () => {
  it('is kept: the timer is armed again and again', () => {
    const { clock, expiries, watchdog } = watch(3 * MAX_TIMER_MS);
    watchdog.expect({ totalMs: 2 * MAX_TIMER_MS });
    clock.advance(2 * MAX_TIMER_MS - 1);
    expect(expiries).toEqual([]);
    clock.advance(1);
    expect(expiries).toEqual(['total']);
  });
});
