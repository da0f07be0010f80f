import { estimateTokens } from '../../src/tokens/estimate.ts';
import type { TokenCounter } from '../../src/tokens/token-counter.ts';

/** Counts by size, at once and without a thread. */
export const SIZE_COUNTER: TokenCounter = {
  countTokens: async (body) => estimateTokens(body),
  close: async () => {},
};
