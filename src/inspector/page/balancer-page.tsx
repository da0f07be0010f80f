import { useMemo } from 'preact/hooks';
import { eventWords } from '../../domain/inspection/event-words.ts';
import type { InspectorEvent } from '../../domain/inspection/inspection.ts';
import type { Snapshot } from './api.ts';
import { clock, secondsLeft } from './format.ts';
import type { Moment } from './moments.ts';
import { Fact, StateBadge } from './parts.tsx';
import { shownProviders } from './provider-figures.ts';
import { linkTo } from './route.ts';
import { Statechart } from './statechart.tsx';
import type { State } from './store.ts';
import { useNow } from './use-now.ts';

interface BalancerPageProps {
  readonly state: State;
  readonly snapshot: Snapshot;
  /** Looking back; undefined: now. */
  readonly moment: Moment | undefined;
}

/** The balancer's own chart, and what it did to its providers' actors. */
export function BalancerPage({ state, snapshot, moment }: BalancerPageProps) {
  const { events, skew } = state;
  const now = useNow(skew, moment === undefined);
  const own = useMemo(() => events.filter(({ actor }) => actor === 'balancer'), [events]);
  const history = useMemo(() => events.filter(isOfBalancer), [events]);
  const until = moment?.seq ?? Number.POSITIVE_INFINITY;
  const past = own.filter(({ seq }) => seq <= until);
  const shown = moment === undefined ? snapshot.phase : phaseThen(past, own, snapshot.phase);
  const step = past.at(-1);
  const moved = past.findLast(({ from, to }) => from !== to);
  const last =
    step?.from === undefined || step.from === step.to
      ? undefined
      : { from: step.from, to: step.to ?? '', event: step.event ?? '', key: step.seq };
  const rows = history.filter(({ seq }) => seq <= until).slice(-100);
  return (
    <>
      <section class="provider-head">
        <StateBadge state={shown} />
        {moved !== undefined && (
          <span class="headline">for {secondsLeft((moment?.at ?? now) - moved.at)}</span>
        )}
      </section>
      <div class="with-chart">
        <section class="panel chart-panel" aria-label="Statechart">
          <Statechart chart="balancer" active={shown} last={last} />
        </section>
        <dl class="fact-row">
          <Fact name="In flight">{moment === undefined ? snapshot.in_flight : moment.tally.inFlight}</Fact>
          <Fact name="Providers">{shownProviders(snapshot, moment).length}</Fact>
          <Fact name="Strategy">{snapshot.selection_strategy}</Fact>
          <Fact name="Version">{snapshot.version}</Fact>
          <Fact name="Contents of messages">{snapshot.captures_bodies ? 'kept' : 'not kept'}</Fact>
          <Fact name="Key">{snapshot.auth_enabled ? 'asked for' : 'not asked for: this machine only'}</Fact>
        </dl>
      </div>
      <h2>History</h2>
      {rows.length === 0 ? (
        <p class="soft panel">What it did is no longer kept, or not yet.</p>
      ) : (
        <History rows={rows.toReversed()} />
      )}
    </>
  );
}

function History({ rows }: { readonly rows: readonly InspectorEvent[] }) {
  return (
    <table class="plain">
      <thead>
        <tr>
          <th>Time</th>
          <th>Actor</th>
          <th>From</th>
          <th>To</th>
          <th>Event</th>
          <th>Changed</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ seq, at, kind, actor, provider, from, to, event, changed }) => (
          <tr key={seq}>
            <td class="number">{clock(at, true)}</td>
            <td>
              {provider === undefined ? (
                actor
              ) : (
                <a href={linkTo({ view: 'provider', id: provider.id })}>{actor}</a>
              )}
            </td>
            <td>{from ?? ''}</td>
            <td>
              <StateBadge state={to ?? ''} />
            </td>
            <td class="mono">{event === undefined ? 'start' : eventWords(event)}</td>
            <td class="soft wrap">{kind === 'transition' ? (changed?.join(', ') ?? '') : ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Its own steps, and that its providers' actors began and ended. */
function isOfBalancer({ actor, kind, provider }: InspectorEvent): boolean {
  return actor === 'balancer' || (provider !== undefined && kind !== 'transition');
}

/** Before the oldest step that is kept it was where that one began; its providers begin in the midst of its start. */
function phaseThen(past: readonly InspectorEvent[], all: readonly InspectorEvent[], now: string): string {
  return past.at(-1)?.to ?? all[0]?.from ?? all[0]?.to ?? now;
}
