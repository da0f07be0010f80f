import { percentiles } from '../domain/inspection/percentiles.ts';
import type { RequestCounts } from './interface.ts';

/** Times to first content kept a provider for its percentiles. */
const SAMPLES = 256;

/** Counts of one provider's attempts, for `/providers`. They say how it goes; health decides nothing by them. */
export interface ProviderStatistics {
  started(): void;
  /** @param timeToFirstContentMs where content came at all */
  ended(success: boolean, timeToFirstContentMs?: number): void;
  counts(): RequestCounts;
  /** ms; undefined without any sample. */
  timeToFirstContentMs(): { readonly p50: number; readonly p95: number } | undefined;
}

/** The counts of all providers, each from its first attempt on. */
export interface Statistics {
  of(provider: string): ProviderStatistics;
}

export function createStatistics(): Statistics {
  const known = new Map<string, ProviderStatistics>();
  return {
    of(provider) {
      const found = known.get(provider) ?? createProviderStatistics();
      known.set(provider, found);
      return found;
    },
  };
}

function createProviderStatistics(): ProviderStatistics {
  let attempts = 0;
  let successes = 0;
  let failures = 0;
  const samples: number[] = [];
  let next = 0;
  return {
    started() {
      attempts += 1;
    },
    ended(success, timeToFirstContentMs) {
      if (success) successes += 1;
      else failures += 1;
      if (timeToFirstContentMs === undefined) return;
      samples[next] = timeToFirstContentMs;
      next = (next + 1) % SAMPLES;
    },
    counts: () => ({ inFlight: attempts - successes - failures, attempts, successes, failures }),
    timeToFirstContentMs: () => percentiles(samples),
  };
}
