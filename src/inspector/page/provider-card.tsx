import type { ErrorMoment, ModelMoment } from '../../domain/inspection/inspection.ts';
import type { Snapshot } from './api.ts';
import { clock, count, duration, outerState, percent, secondsLeft } from './format.ts';
import type { Moment } from './moments.ts';
import { StateBadge, toneOf, Unknown } from './parts.tsx';
import { figuresOf, type ShownProvider } from './provider-figures.ts';
import { linkTo } from './route.ts';

interface CardProps {
  readonly provider: ShownProvider;
  readonly snapshot: Snapshot;
  /** Looking back; undefined: now. */
  readonly moment: Moment | undefined;
  /** Of the moment that is shown, wall clock, ms. */
  readonly now: number;
}

/** A provider at a glance. */
export function ProviderCard({ provider, snapshot, moment, now }: CardProps) {
  const { id, view } = provider;
  const figures = figuresOf(provider, snapshot, moment);
  const { state, since, isSinceOpen, coolingUntil, first, tokens, successes, failures, inFlight } = figures;
  const left =
    outerState(state) === 'cooling' && coolingUntil !== undefined ? coolingUntil - now : Number.NaN;
  const limit = view?.max_concurrent ?? null;
  return (
    <li class={`card ${toneOf(state)}`} data-provider={id}>
      <header>
        <h3>
          <a href={linkTo({ view: 'provider', id })}>{id}</a>
        </h3>
        <StateBadge state={state} />
      </header>
      <p class="soft ellipsis">{view?.base_url ?? 'no longer in the configuration'}</p>
      <p class="headline">
        {left > 0 ? (
          <>
            <b class="countdown">{secondsLeft(left)}</b> <span>of cooldown left</span>{' '}
            <small>{beginWords(since, isSinceOpen)}</small>
          </>
        ) : (
          <span>{view?.unservable ?? sinceWords(since, isSinceOpen, now)}</span>
        )}
      </p>
      <dl class="facts">
        <Item name="Errors">{figures.errors ?? '–'}</Item>
        <Item name="In flight">{limit === null ? inFlight : `${inFlight}/${limit}`}</Item>
        <Item name="Success">{percent(successes, successes + failures)}</Item>
        <Item name="First p50">{first === null ? null : duration(first?.p50)}</Item>
        <Item name="First p95">{first === null ? null : duration(first?.p95)}</Item>
        <Item name="Tokens">{`${count(tokens.input)} / ${count(tokens.output)}`}</Item>
      </dl>
      <CoolingModels models={figures.models} now={now} />
      <LastError error={figures.lastError} />
    </li>
  );
}

export function sinceWords(since: number | undefined, isOpen: boolean, now: number): string {
  if (since === undefined) return '\u00a0';
  if (isOpen && now - since < 1_000) return 'for longer than is kept';
  return `for ${isOpen ? 'more than ' : ''}${secondsLeft(now - since)}`;
}

/** `since 20:04:07`. */
export function beginWords(since: number | undefined, isOpen: boolean): string {
  return since === undefined || isOpen ? '' : `since ${clock(since)}`;
}

/** `null`: not known of the moment that is shown. */
function Item({ name, children }: { readonly name: string; readonly children: string | number | null }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children ?? <Unknown />}</dd>
    </div>
  );
}

/** As many are named; clients may have asked for many more. */
const MAX_MODELS = 4;

/** Those of its models that cool while it does not. */
export function CoolingModels({
  models,
  now,
}: {
  readonly models: readonly ModelMoment[];
  readonly now: number;
}) {
  const cooling = models.filter(({ coolingUntil = 0 }) => coolingUntil > now);
  if (cooling.length === 0) return null;
  return (
    <ul class="models">
      {cooling.slice(-MAX_MODELS).map(({ model, coolingUntil = 0 }) => (
        <li key={model}>
          <span class="ellipsis">{model}</span>
          <b>{secondsLeft(coolingUntil - now)} left</b>
        </li>
      ))}
      {cooling.length > MAX_MODELS && <li class="more">and {cooling.length - MAX_MODELS} more</li>}
    </ul>
  );
}

function LastError({ error }: { readonly error: ErrorMoment | undefined }) {
  if (error === undefined) return <p class="last-error none">No failure so far</p>;
  return (
    <p class="last-error" title={error.detail}>
      <b>{error.kind.replaceAll('_', ' ')}</b> <span>{error.detail}</span>
    </p>
  );
}
