import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../src/tokens/estimate.ts';

const image = (length: number) => ({ source: { type: 'base64', data: 'A'.repeat(length) }, type: 'image' });
const estimate = (value: unknown): number => estimateTokens(Buffer.from(JSON.stringify(value)));

describe('the estimate by size', () => {
  it('is a quarter of the bytes, and at least 1', () => {
    expect(estimateTokens(Buffer.alloc(400))).toBe(100);
    expect(estimateTokens(Buffer.alloc(0))).toBe(1);
  });

  it('takes attachments by their number, whatever their size', () => {
    const small = estimate([image(0), image(0)]);
    const difference = estimate([image(1_000_000), image(2_000)]) - small;
    expect(Math.abs(difference - 2 * 1_600)).toBeLessThanOrEqual(1);
  });

  it('takes short data as text, and looks into what stands under that name', () => {
    expect(estimate({ data: 'x'.repeat(400) })).toBe(103);
    expect(estimate({ data: { data: 'x'.repeat(100_000) } })).toBeLessThan(1_700);
  });

  it('never throws, and never is more than the bytes say but for attachments', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('"data":', '"data":"', '"', '\\"', 'A'.repeat(1_200)));
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const body = Buffer.from(parts.join(''));
        const tokens = estimateTokens(body);
        expect(tokens).toBeGreaterThanOrEqual(1);
        expect(tokens).toBeLessThanOrEqual(1 + body.length / 4 + parts.length * 1_600);
      }),
    );
  });
});
