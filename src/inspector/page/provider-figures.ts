import type { ErrorMoment, ModelMoment, ProviderTotals } from '../../domain/inspection/inspection.ts';
import type { Percentiles } from '../../domain/inspection/percentiles.ts';
import type { ErrorView, ProviderView, Snapshot } from './api.ts';
import type { Moment } from './moments.ts';
import { firstContent } from './tally.ts';

/** What is shown of a provider, now or at a moment that is looked back at. */
export interface ProviderFigures {
  readonly state: string;
  /** Wall clock, ms. */
  readonly since?: number | undefined;
  /** It may be so for longer. */
  readonly isSinceOpen: boolean;
  /** Wall clock, ms. */
  readonly coolingUntil?: number | undefined;
  /** Counted ones, and how many it takes: `1/2`. */
  readonly errors?: string | undefined;
  readonly inFlight: number;
  readonly successes: number;
  readonly failures: number;
  /** ms; undefined: there was none; null: not known of that moment. */
  readonly first: Percentiles | undefined | null;
  readonly tokens: { readonly input: number; readonly output: number; readonly cacheRead: number };
  readonly lastError?: ErrorMoment | undefined;
  /** Models that fail or cool while it does not. */
  readonly models: readonly ModelMoment[];
}

/** A provider's place in a list, with what the balancer tells of it, where it still has it. */
export interface ShownProvider {
  readonly id: string;
  readonly view: ProviderView | undefined;
}

/** The providers that there are, or that there were then. Pure. */
export function shownProviders(snapshot: Snapshot, moment: Moment | undefined): readonly ShownProvider[] {
  const now = snapshot.providers.map((view) => ({ id: view.id, view }));
  if (moment === undefined) return now;
  const isThere = (id: string): boolean => {
    const then = moment.providers.get(id);
    return then !== undefined && then.state !== 'retired';
  };
  const gone = [...moment.providers.keys()].filter((id) => now.every((each) => each.id !== id));
  return [...now, ...gone.map((id) => ({ id, view: undefined }))].filter(({ id }) => isThere(id));
}

/** Pure. */
export function figuresOf(
  { id, view }: ShownProvider,
  snapshot: Snapshot,
  moment: Moment | undefined,
): ProviderFigures {
  if (moment !== undefined) return figuresThen(id, moment);
  return figuresNow(
    view,
    snapshot.totals.find((each) => each.id === id),
  );
}

function figuresNow(view: ProviderView | undefined, totals: ProviderTotals | undefined): ProviderFigures {
  const models = (view?.pairs ?? []).map(modelNow).filter(isInTrouble);
  return {
    state: view?.state ?? 'unknown',
    since: totals?.since,
    isSinceOpen: false,
    coolingUntil: timeOf(view?.cooldown?.until),
    errors: view?.failures,
    inFlight: view?.requests.in_flight ?? 0,
    successes: view?.requests.successes ?? 0,
    failures: view?.requests.failures ?? 0,
    first: view?.latency.time_to_first_content_ms ?? undefined,
    tokens: {
      input: totals?.inputTokens ?? 0,
      output: totals?.outputTokens ?? 0,
      cacheRead: totals?.cacheReadTokens ?? 0,
    },
    lastError: newest([
      errorNow(view?.last_error),
      ...(view?.pairs ?? []).map(({ last_error }) => errorNow(last_error)),
    ]),
    models,
  };
}

function figuresThen(id: string, { providers, tally }: Moment): ProviderFigures {
  const then = providers.get(id);
  const counts = tally.providers.get(id);
  const models = then?.models ?? [];
  return {
    state: then?.state ?? 'unknown',
    since: then?.since,
    isSinceOpen: then?.isSinceOpen ?? false,
    coolingUntil: then?.coolingUntil,
    errors: then === undefined ? undefined : `${then.failures}/${then.threshold}`,
    inFlight: counts?.inFlight ?? 0,
    successes: counts?.successes ?? 0,
    failures: counts?.failures ?? 0,
    first: counts === undefined ? undefined : firstContent(counts),
    tokens: {
      input: counts?.inputTokens ?? 0,
      output: counts?.outputTokens ?? 0,
      cacheRead: counts?.cacheReadTokens ?? 0,
    },
    lastError: newest([then?.lastError, ...models.map(({ lastError }) => lastError)]),
    models,
  };
}

function modelNow(pair: ProviderView['pairs'][number]): ModelMoment {
  const coolingUntil = timeOf(pair.cooldown?.until);
  const lastError = errorNow(pair.last_error);
  return {
    model: pair.model,
    failures: Number.parseInt(pair.failures, 10),
    ...(coolingUntil === undefined ? {} : { coolingUntil }),
    ...(lastError === undefined ? {} : { lastError }),
  };
}

function isInTrouble({ failures, coolingUntil }: ModelMoment): boolean {
  return failures > 0 || coolingUntil !== undefined;
}

function errorNow(error: ErrorView | null | undefined): ErrorMoment | undefined {
  return error == null ? undefined : { kind: error.kind, detail: error.detail, at: Date.parse(error.at) };
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

function newest(errors: readonly (ErrorMoment | undefined)[]): ErrorMoment | undefined {
  return errors.reduce(
    (last, each) => (each !== undefined && each.at >= (last?.at ?? 0) ? each : last),
    undefined,
  );
}
