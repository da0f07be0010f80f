import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBufferBudget } from '../../src/domain/buffer-budget.ts';

describe('buffer budget', () => {
  it('books up to its limit and refuses the byte above it', () => {
    const budget = createBufferBudget(() => 10);
    expect(budget.acquire(10)).toBe(true);
    expect(budget.acquire(1)).toBe(false);
    expect(budget.used()).toBe(10);
  });

  it('books nothing when it refuses', () => {
    const budget = createBufferBudget(() => 10);
    expect(budget.acquire(11)).toBe(false);
    expect(budget.acquire(10)).toBe(true);
  });

  it('keeps what is booked when the limit shrinks, and grants again once enough came back', () => {
    let limit = 10;
    const budget = createBufferBudget(() => limit);
    budget.acquire(10);
    limit = 5;
    expect(budget.acquire(1)).toBe(false);
    budget.release(6);
    expect(budget.acquire(1)).toBe(true);
    expect(budget.used()).toBe(5);
  });

  it('never exceeds its limit and never goes below zero, whatever comes', () => {
    const step = fc.record({ acquire: fc.boolean(), bytes: fc.nat(50) });
    fc.assert(
      fc.property(fc.nat(100), fc.array(step), (limit, steps) => {
        const budget = createBufferBudget(() => limit);
        for (const { acquire, bytes } of steps) {
          if (acquire) budget.acquire(bytes);
          else budget.release(bytes);
          expect(budget.used()).toBeGreaterThanOrEqual(0);
          expect(budget.used()).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });
});
