import { useMemo, useState } from 'preact/hooks';
import { eventWords } from '../../domain/inspection/event-words.ts';
import type { InspectorEvent } from '../../domain/inspection/inspection.ts';
import { type Action, act, type Snapshot } from './api.ts';
import { modelWords } from './changes.tsx';
import { clock, count, duration, outerState, percent, secondsLeft } from './format.ts';
import type { Moment } from './moments.ts';
import { Fact, StateBadge, Unknown } from './parts.tsx';
import { beginWords, CoolingModels, sinceWords } from './provider-card.tsx';
import { figuresOf } from './provider-figures.ts';
import { linkTo } from './route.ts';
import { Statechart } from './statechart.tsx';
import type { State, Store } from './store.ts';
import { useNow } from './use-now.ts';

interface ProviderPageProps {
  readonly id: string;
  readonly state: State;
  readonly store: Store;
  readonly snapshot: Snapshot;
  /** Looking back; undefined: now. */
  readonly moment: Moment | undefined;
}

/** One provider: its chart, what is known of it, what can be done, and how it came to this. */
export function ProviderPage({ id, state, store, snapshot, moment }: ProviderPageProps) {
  const isLive = moment === undefined;
  const provider = snapshot.providers.find((each) => each.id === id);
  const now = useNow(state.skew, isLive);
  const { events, base } = state;
  const until = moment?.seq ?? Number.POSITIVE_INFINITY;
  // Not anew with each tick of a countdown.
  const history = useMemo(
    () => events.filter(({ provider: moment, seq }) => moment?.id === id && seq <= until),
    [events, id, until],
  );
  const then = moment?.providers.get(id);
  if (provider === undefined && then === undefined)
    return <section class="empty">No provider is called {id}.</section>;
  const figures = figuresOf({ id, view: provider }, snapshot, moment);
  const last = history.at(-1);
  const chartState = last?.provider?.state ?? base.find((each) => each.id === id)?.state;
  const shown = isLive ? stateNow(figures.state, chartState) : figures.state;
  const step =
    last?.from === undefined || last.from === last.to
      ? undefined
      : { from: last.from, to: last.to ?? '', event: last.event ?? '', key: last.seq };
  const at = moment?.at ?? now;
  const { coolingUntil, successes, failures, first, tokens, lastError } = figures;
  const left = outerState(shown) === 'cooling' && coolingUntil !== undefined ? coolingUntil - at : Number.NaN;
  const own = isLive ? provider?.last_error : undefined;
  return (
    <>
      <section class="provider-head">
        <StateBadge state={shown} />
        <span class="headline">
          {left > 0 ? (
            <>
              <b class="countdown">{secondsLeft(left)}</b> of cooldown left{' '}
              <small>{beginWords(figures.since, figures.isSinceOpen)}</small>
            </>
          ) : (
            sinceWords(figures.since, figures.isSinceOpen, at)
          )}
        </span>
        <div class="spacer" />
        <Actions id={id} isEnabled={provider?.disabled_by_hand !== true} store={store} isLive={isLive} />
      </section>
      <div class="with-chart">
        <section class="panel chart-panel" aria-label="Statechart">
          <Statechart chart="provider" active={shown} last={step} />
        </section>
        <dl class="fact-row">
          {provider !== undefined && (
            <>
              <Fact name="Address">
                <span class="mono wrap">{provider.base_url}</span>
              </Fact>
              <Fact name="Type">{provider.type}</Fact>
              {provider.unservable !== null && <Fact name="Not used">{provider.unservable}</Fact>}
            </>
          )}
          <Fact name="Errors">{figures.errors ?? '–'}</Fact>
          <Fact name="In flight">{figures.inFlight}</Fact>
          <Fact name="Attempts">
            {successes + failures + figures.inFlight}, {percent(successes, successes + failures)} good
          </Fact>
          <Fact name="First content">
            {first === null ? (
              <Unknown />
            ) : first === undefined ? (
              '–'
            ) : (
              `p50 ${duration(first.p50)}, p95 ${duration(first.p95)}`
            )}
          </Fact>
          <Fact name="Tokens">
            {count(tokens.input)} in, {count(tokens.output)} out, {count(tokens.cacheRead)} from cache
          </Fact>
          {lastError !== undefined && (
            <Fact name="Last error">
              {clock(lastError.at)} {lastError.kind.replaceAll('_', ' ')}: {lastError.detail}{' '}
              {own != null && <a href={linkTo({ view: 'request', id: own.request_id })}>its request</a>}
            </Fact>
          )}
          {figures.models.some((each) => (each.coolingUntil ?? 0) > at) && (
            <Fact name="Models that cool">
              <CoolingModels models={figures.models} now={at} />
            </Fact>
          )}
        </dl>
      </div>
      <h2>History</h2>
      <table class="plain">
        <thead>
          <tr>
            <th>Time</th>
            <th>From</th>
            <th>To</th>
            <th>Event</th>
            <th>Errors</th>
            <th>Cause</th>
            <th>
              <span class="hidden">Request</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {history
            .slice(-100)
            .reverse()
            .map((each) => {
              const { seq, at: when, from, to, event, kind, provider: after, requestId } = each;
              return (
                <tr key={seq}>
                  <td class="number">{clock(when, true)}</td>
                  <td>{from ?? ''}</td>
                  <td>
                    <StateBadge state={to ?? ''} />
                  </td>
                  <td class="mono">{kind === 'started' ? 'start' : eventWords(event ?? '')}</td>
                  <td class="number">{after === undefined ? '' : `${after.failures}/${after.threshold}`}</td>
                  <td class="wrap">{causeOf(each)}</td>
                  <td>
                    {requestId === undefined ? (
                      ''
                    ) : (
                      <a href={linkTo({ view: 'request', id: requestId })}>request</a>
                    )}
                  </td>
                </tr>
              );
            })}
        </tbody>
      </table>
    </>
  );
}

/** The failure behind a change, or what became of one of its models. */
function causeOf(event: InspectorEvent): string {
  const { provider, at, model } = event;
  const found = provider?.models?.find((each) => each.model === model);
  const error = model === undefined ? provider?.lastError : found?.lastError;
  const words = error?.at === at ? `${error.kind.replaceAll('_', ' ')}: ${error.detail}` : '';
  return model === undefined ? words : [modelWords(event), error?.detail ?? ''].filter(Boolean).join(': ');
}

/** `/providers` has the clock's word, the chart the finer one: the finer where both agree. */
function stateNow(told: string, chart: string | undefined): string {
  return chart !== undefined && outerState(chart) === told ? chart : told;
}

interface ActionsProps {
  readonly id: string;
  readonly isEnabled: boolean;
  readonly isLive: boolean;
  readonly store: Store;
}

function Actions({ id, isEnabled, isLive, store }: ActionsProps) {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const run = async (action: Action): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      await act(id, action);
      store.refresh();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  const button = (action: Action, text: string) => (
    <button type="button" disabled={busy || !isLive} onClick={() => void run(action)}>
      {text}
    </button>
  );
  return (
    <div class="actions">
      {problem !== '' && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
      {button('cool', 'Cool now')}
      {button('heal', 'Heal now')}
      {isEnabled ? button('disable', 'Disable') : button('enable', 'Enable')}
    </div>
  );
}
