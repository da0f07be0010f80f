import { eventWords } from '../../domain/event-words.ts';
import type { InspectorEvent, ProviderMoment, ProviderTotals } from '../../domain/inspection.ts';
import type { ProviderView, Snapshot } from './api.ts';
import { LatencyChart, OutcomeChart } from './charts.tsx';
import { clock, count, duration, outerState, percent, secondsLeft } from './format.ts';
import { isProviderChange, type Moment } from './moments.ts';
import { StateBadge, toneOf } from './parts.tsx';
import { linkTo } from './route.ts';
import type { State } from './store.ts';
import type { Theme } from './theme.ts';
import { useNow } from './use-now.ts';

interface OverviewProps {
  readonly state: State;
  readonly snapshot: Snapshot;
  /** Looking back; undefined: now. */
  readonly moment: Moment | undefined;
  readonly theme: Theme;
}

/** All providers at a glance, and the last hour. */
export function Overview({ state, snapshot, moment, theme }: OverviewProps) {
  const now = useNow(state.skew, moment === undefined);
  const totals = new Map(snapshot.totals.map((each) => [each.id, each]));
  return (
    <>
      <Figures snapshot={snapshot} />
      <div class="charts">
        <OutcomeChart minutes={snapshot.minutes} theme={theme} />
        <LatencyChart minutes={snapshot.minutes} theme={theme} />
      </div>
      <h2>Providers</h2>
      <ul class="cards">
        {snapshot.providers.map((provider) => (
          <ProviderCard
            key={provider.id}
            provider={provider}
            moment={moment}
            totals={totals.get(provider.id)}
            now={moment?.at ?? now}
          />
        ))}
      </ul>
      <h2>Last changes</h2>
      <Changes events={state.events} until={state.cursor} />
    </>
  );
}

function Figures({ snapshot }: { readonly snapshot: Snapshot }) {
  const sum = (key: 'served' | 'failed' | 'cancelled' | 'local' | 'failovers'): number =>
    snapshot.minutes.reduce((total, minute) => total + minute[key], 0);
  const [served, failed] = [sum('served') + sum('local'), sum('failed')];
  const figures: readonly (readonly [string, string, string])[] = [
    ['In flight', String(snapshot.in_flight), 'requests at this moment'],
    ['Requests', count(served + failed + sum('cancelled')), 'in the last hour'],
    ['Success', percent(served, served + failed), 'without those that left'],
    ['Failovers', count(sum('failovers')), 'requests that changed provider'],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value, note]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <b>{value}</b>
            <small>{note}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface CardProps {
  readonly provider: ProviderView;
  /** Looking back; undefined: now. */
  readonly moment: Moment | undefined;
  readonly totals: ProviderTotals | undefined;
  readonly now: number;
}

function ProviderCard({ provider, moment, totals, now }: CardProps) {
  const then = moment?.providers.get(provider.id);
  const shown = moment === undefined ? provider.state : (then?.state ?? 'unknown');
  const since = moment === undefined ? totals?.since : then?.since;
  const until = moment === undefined ? Date.parse(provider.cooldown?.until ?? '') : then?.coolingUntil;
  const failures = moment === undefined ? provider.failures : then && `${then.failures}/${then.threshold}`;
  const left = outerState(shown) === 'cooling' && until !== undefined ? until - now : Number.NaN;
  const { requests, latency } = provider;
  const ended = requests.successes + requests.failures;
  const inFlight = moment === undefined ? requests.in_flight : (moment.inFlight.get(provider.id) ?? 0);
  const first = latency.time_to_first_content_ms;
  return (
    <li class={`card ${toneOf(shown)}`} data-provider={provider.id}>
      <header>
        <h3>
          <a href={linkTo({ view: 'provider', id: provider.id })}>{provider.id}</a>
        </h3>
        <StateBadge state={shown} />
      </header>
      <p class="soft ellipsis">{provider.base_url}</p>
      <p class="headline">
        {left > 0 ? (
          <>
            <b class="countdown">{secondsLeft(left)}</b> <span>of cooldown left</span>
          </>
        ) : (
          <span>
            {provider.unservable ?? (since === undefined ? ' ' : `for ${secondsLeft(now - since)}`)}
          </span>
        )}
      </p>
      <dl class="facts">
        <Item name="Errors">{failures ?? '–'}</Item>
        <Item name="In flight">
          {provider.max_concurrent === null ? inFlight : `${inFlight}/${provider.max_concurrent}`}
        </Item>
        <Item name="Success">{percent(requests.successes, ended)}</Item>
        <Item name="First p50">{first === null ? '–' : duration(first.p50)}</Item>
        <Item name="First p95">{first === null ? '–' : duration(first.p95)}</Item>
        <Item name="Tokens">
          {totals === undefined ? '–' : `${count(totals.inputTokens)} / ${count(totals.outputTokens)}`}
        </Item>
      </dl>
      <LastError error={moment === undefined ? lastErrorOf(provider) : then?.lastError} />
    </li>
  );
}

function Item({ name, children }: { readonly name: string; readonly children: string | number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Its own, or that of one of its models: the newest. */
function lastErrorOf({ last_error, pairs }: ProviderView): ProviderMoment['lastError'] {
  const errors = [last_error, ...pairs.map((pair) => pair.last_error)].filter((each) => each !== null);
  const error = errors.sort((a, b) => Date.parse(b.at) - Date.parse(a.at))[0] ?? null;
  return error === null ? undefined : { kind: error.kind, detail: error.detail, at: Date.parse(error.at) };
}

function LastError({ error }: { readonly error: ProviderMoment['lastError'] }) {
  if (error === undefined) return <p class="last-error none">No failure so far</p>;
  return (
    <p class="last-error" title={error.detail}>
      <b>{error.kind.replaceAll('_', ' ')}</b> <span>{error.detail}</span>
    </p>
  );
}

/** The last changes of providers, newest first. */
function Changes({
  events,
  until,
}: {
  readonly events: readonly InspectorEvent[];
  readonly until: number | undefined;
}) {
  const changes = events
    .filter(isProviderChange)
    .filter(({ seq }) => seq <= (until ?? seq))
    .slice(-12)
    .reverse();
  if (changes.length === 0) return <p class="soft">Every provider is as it was at the start.</p>;
  return (
    <table class="plain">
      <thead>
        <tr>
          <th>Time</th>
          <th>Provider</th>
          <th>Change</th>
          <th>Event</th>
          <th>Request</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ seq, at, provider, from, to, event, requestId }) => (
          <tr key={seq}>
            <td class="number">{clock(at)}</td>
            <td>
              <a href={linkTo({ view: 'provider', id: provider.id })}>{provider.id}</a>
            </td>
            <td>
              <span class="change">
                {from} → <StateBadge state={to ?? ''} />
              </span>
            </td>
            <td class="mono">{eventWords(event ?? '')}</td>
            <td>
              {requestId === undefined ? '' : <a href={linkTo({ view: 'request', id: requestId })}>open</a>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
