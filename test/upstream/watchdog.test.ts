import { describe, expect, it } from 'vitest';
import { createWatchdog, type Expiry } from '../../src/upstream/watchdog.ts';
import { ManualClock } from '../support/manual-clock.ts';

function setUp(deadlineMs = 1_000_000) {
  const clock = new ManualClock();
  const expiries: Expiry[] = [];
  const watchdog = createWatchdog(clock, clock.now() + deadlineMs, (expiry) => expiries.push(expiry));
  return { clock, expiries, watchdog };
}

describe('the watchdog of an attempt', () => {
  it('expires when the total time is over, whatever signs of life came', () => {
    const { clock, expiries, watchdog } = setUp();
    watchdog.expect({ totalMs: 10_000 });
    for (let second = 0; second < 9; second++) {
      clock.advance(1_000);
      watchdog.touch();
    }
    expect(expiries).toEqual([]);
    clock.advance(1_000);
    expect(expiries).toEqual(['total']);
  });

  it('expires after a gap without a sign of life, and not before', () => {
    const { clock, expiries, watchdog } = setUp();
    watchdog.expect({ gapMs: 5_000 });
    clock.advance(4_000);
    watchdog.touch();
    clock.advance(4_999);
    expect(expiries).toEqual([]);
    clock.advance(1);
    expect(expiries).toEqual(['gap']);
  });

  it('tells the deadline of the whole request apart', () => {
    const { clock, expiries, watchdog } = setUp(3_000);
    watchdog.expect({ totalMs: 10_000 });
    clock.advance(3_000);
    expect(expiries).toEqual(['deadline']);
  });

  it('knows no deadline any more once it is lifted', () => {
    const { clock, expiries, watchdog } = setUp(3_000);
    watchdog.expect({ gapMs: 10_000 });
    watchdog.liftDeadline();
    clock.advance(9_000);
    watchdog.touch();
    clock.advance(9_000);
    expect(expiries).toEqual([]);
  });

  it('stands still while the client is paused for three minutes, and blames nobody for them', () => {
    const { clock, expiries, watchdog } = setUp();
    watchdog.expect({ gapMs: 120_000 });
    clock.advance(60_000);
    watchdog.pause();
    clock.advance(180_000);
    watchdog.resume();
    clock.advance(119_999);
    expect(expiries).toEqual([]);
    clock.advance(1);
    expect(expiries).toEqual(['gap']);
  });

  it('is armed once more when its timer fires far too late, because the machine slept', () => {
    const { clock, expiries, watchdog } = setUp();
    watchdog.expect({ totalMs: 10_000 });
    clock.oversleep(3_600_000);
    expect(expiries).toEqual([]);
    clock.advance(9_999);
    expect(expiries).toEqual([]);
    clock.advance(1);
    expect(expiries).toEqual(['total']);
  });

  it('holds no timer after it was stopped or has expired', () => {
    const { clock, watchdog } = setUp();
    watchdog.expect({ totalMs: 10_000 });
    watchdog.stop();
    expect(clock.pending).toBe(0);
    const other = setUp();
    other.watchdog.expect({ totalMs: 1 });
    other.clock.advance(1);
    expect(other.clock.pending).toBe(0);
  });

  it('arms no timer for a sign of life', () => {
    const { clock, watchdog } = setUp();
    watchdog.expect({ gapMs: 5_000 });
    const before = clock.pending;
    for (let chunk = 0; chunk < 1_000; chunk++) watchdog.touch();
    expect(clock.pending).toBe(before);
  });

  it('takes new limits from the moment they are given', () => {
    const { clock, expiries, watchdog } = setUp();
    watchdog.expect({ totalMs: 100_000 });
    clock.advance(1_000);
    watchdog.expect({ gapMs: 2_000 });
    clock.advance(1_999);
    expect(expiries).toEqual([]);
    clock.advance(1);
    expect(expiries).toEqual(['gap']);
  });
});
