import { useMemo, useState } from 'preact/hooks';
import { eventWords } from '../../domain/inspection/event-words.ts';
import type { InspectorEvent } from '../../domain/inspection/inspection.ts';
import { modelWords } from './changes.tsx';
import { Choice, Filters } from './filters.tsx';
import { clock } from './format.ts';
import { linkTo } from './route.ts';
import type { State, Store } from './store.ts';
import { Cell, Head, VirtualList } from './virtual-list.tsx';

const COLUMNS = '3.6rem 6.4rem minmax(8rem, 0.7fr) 4.8rem minmax(8.4rem, 0.5fr) minmax(14rem, 2fr)';

const SCOPES = [
  ['balancer', 'balancer'],
  ['provider:', 'providers'],
  ['request:', 'requests'],
] as const;

/** Everything that is kept, newest first. Opening one looks at that moment. */
export function EventsView({ state, store }: { readonly state: State; readonly store: Store }) {
  const [text, setText] = useState('');
  const [scope, setScope] = useState('');
  const { events, cursor } = state;
  const rows = useMemo(() => {
    const needle = text.toLowerCase();
    const fitting = events.filter(
      (event) =>
        event.seq <= (cursor ?? event.seq) &&
        event.actor.startsWith(scope) &&
        (needle === '' || searched(event).toLowerCase().includes(needle)),
    );
    return fitting.reverse();
  }, [events, text, scope, cursor]);
  return (
    <div class="full">
      <Filters placeholder="Search actor, event, state  ( / )" text={text} search={setText}>
        <Choice name="Actors" value={scope} options={SCOPES} choose={setScope} />
        <output class="soft">{rows.length} events</output>
      </Filters>
      <VirtualList
        rows={rows}
        rowHeight={32}
        label="Events"
        columns={COLUMNS}
        keyOf={({ seq }) => seq}
        open={({ seq }) => store.look(seq)}
        head={
          <>
            <Head kind="number">Number</Head>
            <Head>Time</Head>
            <Head>Actor</Head>
            <Head>Kind</Head>
            <Head>Event</Head>
            <Head>What</Head>
          </>
        }
        cells={cellsOf}
      />
      {rows.length === 0 && <p class="nothing">Nothing has happened yet, or nothing fits.</p>}
    </div>
  );
}

function cellsOf(event: InspectorEvent) {
  const place = placeOf(event.actor);
  const what = whatOf(event);
  return (
    <>
      <Cell kind="number soft">{event.seq}</Cell>
      <Cell kind="number left">{clock(event.at, true)}</Cell>
      <Cell kind="ellipsis">
        <a href={place} tabIndex={-1} onClick={(click) => click.stopPropagation()}>
          {event.actor}
        </a>
      </Cell>
      <Cell kind="soft">{event.kind}</Cell>
      <Cell kind="ellipsis mono">{eventWords(event.event ?? '')}</Cell>
      <Cell kind="ellipsis">
        <span title={what}>{what}</span>
      </Cell>
    </>
  );
}

/** An id may hold a colon itself. */
function placeOf(actor: string): string {
  const at = actor.indexOf(':');
  if (at === -1) return linkTo({ view: 'balancer' });
  const view = actor.startsWith('provider:') ? 'provider' : 'request';
  return linkTo({ view, id: actor.slice(at + 1) });
}

function whatOf(event: InspectorEvent): string {
  const { from, to, request, attempt, begun, changed, model } = event;
  if (model !== undefined) return modelWords(event);
  if (request !== undefined) {
    return request.result === 'running'
      ? `came, for ${request.model}`
      : `${request.result}, status ${request.status}`;
  }
  const [before, after = ''] = [plain(from), plain(to)];
  const way = before === undefined ? after : before === after ? `stays ${after}` : `${before} → ${after}`;
  const about =
    attempt === undefined
      ? []
      : [
          `attempt ${attempt.number} at ${attempt.provider}${attempt.outcome === undefined ? '' : `: ${attempt.outcome.replaceAll('_', ' ')}`}`,
        ];
  const next = begun === undefined ? [] : [`attempt ${begun.number} at ${begun.provider} begins`];
  const keys =
    from === to && changed !== undefined && changed.length > 0 ? [`changed ${changed.join(', ')}`] : [];
  return [way, ...about, ...next, ...keys].join(' · ');
}

/** A request is active or it has ended: that goes without saying. */
function plain(state: string | undefined): string | undefined {
  return state?.replace(/^active\./, '');
}

function searched(event: InspectorEvent): string {
  return [event.actor, event.event, event.kind, whatOf(event)].join(' ');
}
