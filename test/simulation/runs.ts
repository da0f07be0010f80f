import { planOf } from './plan.ts';
import { explained } from './shrink.ts';
import { play } from './world.ts';

/** So many requests make one run: enough for cooldowns to come and go, few enough to shrink. */
const REQUESTS_A_RUN = 400;

export interface RunsOptions {
  /** The first run's seed; each run has the next one. */
  readonly seed: number;
  /** All runs together. */
  readonly requests: number;
}

export interface RunsReport {
  readonly runs: number;
  readonly requests: number;
  readonly attempts: number;
  readonly results: Readonly<Record<string, number>>;
  readonly simulatedMs: number;
  /** The first violation, explained; undefined: everything held. */
  readonly failure: string | undefined;
}

/** Plays run after run, each by a seed of its own, until so many requests were made or something broke. */
export async function playRuns({ seed, requests }: RunsOptions): Promise<RunsReport> {
  const sum = { runs: 0, requests: 0, attempts: 0, simulatedMs: 0 };
  const results: Record<string, number> = {};
  while (sum.requests < requests) {
    const plan = planOf(seed + sum.runs, Math.min(REQUESTS_A_RUN, requests - sum.requests));
    const outcome = await play(plan);
    sum.runs += 1;
    sum.requests += outcome.requests;
    sum.attempts += outcome.attempts;
    sum.simulatedMs += outcome.lastedMs;
    for (const [result, count] of Object.entries(outcome.results))
      results[result] = (results[result] ?? 0) + count;
    if (outcome.violation !== undefined) return { ...sum, results, failure: await explained(plan, outcome) };
  }
  return { ...sum, results, failure: undefined };
}
