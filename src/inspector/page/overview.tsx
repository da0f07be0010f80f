import { useMemo } from 'preact/hooks';
import type { Snapshot } from './api.ts';
import { Changes } from './changes.tsx';
import { LatencyChart, OutcomeChart } from './charts.tsx';
import { clock, count, percent } from './format.ts';
import { hourBefore, type ShownMinute } from './hour.ts';
import type { Moment } from './moments.ts';
import { ProviderCard } from './provider-card.tsx';
import { shownProviders } from './provider-figures.ts';
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

/** All providers at a glance, and the last hour; or both as they were. */
export function Overview({ state, snapshot, moment, theme }: OverviewProps) {
  const now = useNow(state.skew, moment === undefined);
  const { events } = state;
  const minutes = useMemo(
    () =>
      moment === undefined
        ? snapshot.minutes
        : hourBefore({ events, minutes: snapshot.minutes }, moment.seq, moment.at),
    [events, snapshot.minutes, moment],
  );
  return (
    <>
      <Figures
        minutes={minutes}
        inFlight={moment === undefined ? snapshot.in_flight : moment.tally.inFlight}
        isLive={moment === undefined}
      />
      <h2 class="hidden">Providers</h2>
      <ul class="cards">
        {shownProviders(snapshot, moment).map((provider) => (
          <ProviderCard
            key={provider.id}
            provider={provider}
            snapshot={snapshot}
            moment={moment}
            now={moment?.at ?? now}
          />
        ))}
      </ul>
      <div class="charts">
        <OutcomeChart minutes={minutes} theme={theme} />
        <LatencyChart minutes={minutes} theme={theme} />
      </div>
      <h2>Last changes</h2>
      <Changes events={events} until={state.cursor} />
    </>
  );
}

interface FiguresProps {
  readonly minutes: readonly ShownMinute[];
  readonly inFlight: number;
  readonly isLive: boolean;
}

function Figures({ minutes, inFlight, isLive }: FiguresProps) {
  const sum = (key: 'served' | 'failed' | 'cancelled' | 'local' | 'failovers'): number =>
    minutes.reduce((total, minute) => total + minute[key], 0);
  const [served, failed] = [sum('served') + sum('local'), sum('failed')];
  const requests = served + failed + sum('cancelled');
  const figures: readonly (readonly [name: string, value: string, note: string])[] = [
    ['In flight', String(inFlight), isLive ? 'requests at this moment' : 'requests at that moment'],
    ['Requests', count(requests), spanWords(minutes, isLive)],
    ['Success', percent(served, served + failed), 'without those that left'],
    ['Failovers', count(sum('failovers')), 'requests that changed provider'],
  ];
  const isUnknown = minutes.every((minute) => minute.isUnknown === true);
  return (
    <dl class="figures">
      {figures.map(([name, value, note]) => (
        <div key={name} data-figure={name}>
          <dt>{name}</dt>
          <dd>
            <b>{isUnknown && name !== 'In flight' ? '?' : value}</b>
            <small>{note}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What the sums are of: where a part of the hour is not known, which part is. */
function spanWords(minutes: readonly ShownMinute[], isLive: boolean): string {
  if (isLive) return 'in the last hour';
  const known = minutes.filter((minute) => minute.isUnknown !== true);
  const first = known[0];
  if (first === undefined) return 'not known of that hour';
  if (known.length === minutes.length) return 'in the hour until then';
  const last = known.at(-1) ?? first;
  return `${clock(first.at).slice(0, 5)}–${clock(last.at + 60_000).slice(0, 5)}; the rest is not kept`;
}
