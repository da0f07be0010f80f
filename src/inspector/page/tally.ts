import type { AttemptMoment, InspectorEvent, ProviderTotals } from '../../domain/inspection/inspection.ts';
import { type Percentiles, percentiles } from '../../domain/inspection/percentiles.ts';

/** Counts since the balancer's start, as they stood at one moment. Pure. */
export interface Tally {
  /** Requests. */
  readonly inFlight: number;
  readonly providers: ReadonlyMap<string, ProviderTally>;
}

/** Of one provider; of its attempts, not of requests. */
export interface ProviderTally {
  readonly inFlight: number;
  readonly successes: number;
  readonly failures: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  /** Times to first content, ms: the newest, at most as many as percentiles are made of. */
  readonly samples: readonly number[];
  /** Whether there was none before those. */
  readonly hasAllSamples: boolean;
}

/** The counts of one provider as a snapshot has them. */
export interface ProviderCounts {
  readonly id: string;
  readonly requests: { readonly in_flight: number; readonly successes: number; readonly failures: number };
}

/** As many as the balancer makes its percentiles of. */
const SAMPLES = 256;

const NOTHING: ProviderTally = {
  inFlight: 0,
  successes: 0,
  failures: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  samples: [],
  hasAllSamples: true,
};

export const NO_TALLY: Tally = { inFlight: 0, providers: new Map() };

/** What the counts become by some events. */
export function tallyAfter(before: Tally, events: readonly InspectorEvent[]): Tally {
  const providers = new Map(before.providers);
  let { inFlight } = before;
  const change = (id: string, made: (tally: ProviderTally) => ProviderTally): void => {
    providers.set(id, made(providers.get(id) ?? NOTHING));
  };
  for (const { request, attempt, begun } of events) {
    if (request !== undefined) inFlight = Math.max(0, inFlight + (request.result === 'running' ? 1 : -1));
    if (attempt?.outcome !== undefined) change(attempt.provider, (tally) => ended(tally, attempt));
    if (begun !== undefined) change(begun.provider, (tally) => ({ ...tally, inFlight: tally.inFlight + 1 }));
  }
  return { inFlight, providers };
}

/** What they were before the kept events, from what a snapshot has after all of them. */
export function tallyBefore(
  events: readonly InspectorEvent[],
  after: {
    readonly in_flight: number;
    readonly providers: readonly ProviderCounts[];
    readonly totals: readonly ProviderTotals[];
  },
): Tally {
  // From far above zero, as nothing falls below it.
  const start = 1e9;
  const counted = tallyAfter({ inFlight: start, providers: highAbove(after.providers, start) }, events);
  const totals = new Map(after.totals.map((each) => [each.id, each]));
  const less = (now: number, came: number): number => Math.max(0, now - came);
  const providers = after.providers.map(({ id, requests }): [string, ProviderTally] => {
    const came = counted.providers.get(id) ?? NOTHING;
    const total = totals.get(id);
    const successes = less(requests.successes, came.successes);
    const failures = less(requests.failures, came.failures);
    return [
      id,
      {
        inFlight: less(requests.in_flight, came.inFlight - start),
        successes,
        failures,
        inputTokens: less(total?.inputTokens ?? 0, came.inputTokens),
        outputTokens: less(total?.outputTokens ?? 0, came.outputTokens),
        cacheReadTokens: less(total?.cacheReadTokens ?? 0, came.cacheReadTokens),
        samples: [],
        hasAllSamples: successes + failures === 0,
      },
    ];
  });
  return { inFlight: less(after.in_flight, counted.inFlight - start), providers: new Map(providers) };
}

function highAbove(providers: readonly ProviderCounts[], inFlight: number): Map<string, ProviderTally> {
  return new Map(providers.map(({ id }) => [id, { ...NOTHING, inFlight }]));
}

/** Half and nineteen in twenty of the times to first content; undefined: there was none; null: not known. */
export function firstContent({ samples, hasAllSamples }: ProviderTally): Percentiles | undefined | null {
  return hasAllSamples || samples.length >= SAMPLES ? percentiles(samples) : null;
}

function ended(tally: ProviderTally, { outcome, usage, firstContentMs }: AttemptMoment): ProviderTally {
  const isGood = outcome === 'success';
  const { samples, hasAllSamples } = tally;
  const isOver = samples.length >= SAMPLES;
  return {
    inFlight: Math.max(0, tally.inFlight - 1),
    successes: tally.successes + (isGood ? 1 : 0),
    failures: tally.failures + (isGood ? 0 : 1),
    inputTokens: tally.inputTokens + (usage?.inputTokens ?? 0),
    outputTokens: tally.outputTokens + (usage?.outputTokens ?? 0),
    cacheReadTokens: tally.cacheReadTokens + (usage?.cacheReadTokens ?? 0),
    samples:
      firstContentMs === undefined ? samples : [...(isOver ? samples.slice(1) : samples), firstContentMs],
    hasAllSamples,
  };
}
