import { useMemo, useState } from 'preact/hooks';
import { eventWords } from '../../domain/event-words.ts';
import { type Action, act, type Snapshot } from './api.ts';
import { clock, count, duration, outerState, percent, secondsLeft } from './format.ts';
import { momentAt } from './moments.ts';
import { Fact, StateBadge } from './parts.tsx';
import { linkTo } from './route.ts';
import { Statechart } from './statechart.tsx';
import type { State, Store } from './store.ts';
import { useNow } from './use-now.ts';

interface ProviderPageProps {
  readonly id: string;
  readonly state: State;
  readonly store: Store;
  readonly snapshot: Snapshot;
}

/** One provider: its chart, what is known of it, what can be done, and how it came to this. */
export function ProviderPage({ id, state, store, snapshot }: ProviderPageProps) {
  const isLive = state.cursor === undefined;
  const provider = snapshot.providers.find((each) => each.id === id);
  const now = useNow(state.skew, isLive);
  const { events, base, cursor } = state;
  const until = cursor ?? Number.POSITIVE_INFINITY;
  // Not anew with each tick of a countdown.
  const history = useMemo(
    () => events.filter(({ provider: moment, seq }) => moment?.id === id && seq <= until),
    [events, id, until],
  );
  const moment = useMemo(() => momentAt(events, base, until), [events, base, until]);
  if (provider === undefined) return <section class="empty">No provider is called {id}.</section>;
  const then = moment.providers.get(id);
  const shown = isLive ? stateNow(provider.state, then?.state) : (then?.state ?? 'unknown');
  const last = history.at(-1);
  const step =
    last?.from === undefined || last.from === last.to
      ? undefined
      : { from: last.from, to: last.to ?? '', event: last.event ?? '', key: last.seq };
  const at = isLive ? now : moment.at;
  const coolingUntil = isLive
    ? Date.parse(provider.cooldown?.until ?? '')
    : (then?.coolingUntil ?? Number.NaN);
  const left = outerState(shown) === 'cooling' ? coolingUntil - at : Number.NaN;
  const totals = snapshot.totals.find((each) => each.id === id);
  const { requests, latency } = provider;
  const first = latency.time_to_first_content_ms;
  return (
    <>
      <section class="provider-head">
        <StateBadge state={shown} />
        {left > 0 && (
          <span class="headline">
            <b class="countdown">{secondsLeft(left)}</b> of cooldown left
          </span>
        )}
        <div class="spacer" />
        <Actions id={id} isEnabled={!provider.disabled_by_hand} store={store} isLive={isLive} />
      </section>
      <dl class="fact-row">
        <Fact name="Address">
          <span class="mono wrap">{provider.base_url}</span>
        </Fact>
        <Fact name="Type">{provider.type}</Fact>
        {provider.unservable !== null && <Fact name="Not used">{provider.unservable}</Fact>}
        <Fact name="Errors">
          {isLive ? provider.failures : then === undefined ? '–' : `${then.failures}/${then.threshold}`}
        </Fact>
        <Fact name="In flight">{isLive ? requests.in_flight : (moment.inFlight.get(id) ?? 0)}</Fact>
        <Fact name="Attempts">
          {requests.attempts}, {percent(requests.successes, requests.successes + requests.failures)} good
        </Fact>
        <Fact name="First content">
          {first === null ? '–' : `p50 ${duration(first.p50)}, p95 ${duration(first.p95)}`}
        </Fact>
        <Fact name="Tokens">
          {totals === undefined
            ? '–'
            : `${count(totals.inputTokens)} in, ${count(totals.outputTokens)} out, ${count(totals.cacheReadTokens)} from cache`}
        </Fact>
        {provider.cooldown?.why != null && isLive && <Fact name="It cools">{provider.cooldown.why}</Fact>}
        {provider.last_error !== null && isLive && (
          <Fact name="Last error">
            {clock(Date.parse(provider.last_error.at))} {provider.last_error.kind.replaceAll('_', ' ')}:{' '}
            {provider.last_error.detail}{' '}
            <a href={linkTo({ view: 'request', id: provider.last_error.request_id })}>its request</a>
          </Fact>
        )}
      </dl>
      <section class="panel chart-panel" aria-label="Statechart">
        <Statechart chart="provider" active={shown} last={step} />
      </section>
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
            .map(({ seq, at: when, from, to, event, kind, provider: after, requestId }) => (
              <tr key={seq}>
                <td class="number">{clock(when, true)}</td>
                <td>{from ?? ''}</td>
                <td>
                  <StateBadge state={to ?? ''} />
                </td>
                <td class="mono">{kind === 'started' ? 'start' : eventWords(event ?? '')}</td>
                <td class="number">{after === undefined ? '' : `${after.failures}/${after.threshold}`}</td>
                <td class="wrap">
                  {after?.lastError?.at === when
                    ? `${after.lastError.kind.replaceAll('_', ' ')}: ${after.lastError.detail}`
                    : ''}
                </td>
                <td>
                  {requestId === undefined ? (
                    ''
                  ) : (
                    <a href={linkTo({ view: 'request', id: requestId })}>request</a>
                  )}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </>
  );
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
