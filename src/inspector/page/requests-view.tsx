import { useMemo, useState } from 'preact/hooks';
import { REQUEST_RESULTS, type RequestSummary } from '../../domain/inspection/inspection.ts';
import { Choice, Filters } from './filters.tsx';
import { clock, count, duration } from './format.ts';
import { requestsAt } from './moments.ts';
import { ResultBadge } from './parts.tsx';
import { linkTo } from './route.ts';
import type { State } from './store.ts';
import { Cell, Head, VirtualList } from './virtual-list.tsx';

interface Filter {
  readonly text: string;
  readonly session: string;
  readonly provider: string;
  readonly result: string;
  readonly model: string;
}

const NO_FILTER: Filter = { text: '', session: '', provider: '', result: '', model: '' };
const COLUMNS =
  '4.6rem 6rem minmax(8rem, 1.1fr) minmax(9rem, 1.6fr) 2.6rem 4.6rem 4.6rem 5.6rem minmax(5rem, 0.8fr)';

/** The live table of requests. */
export function RequestsView({ state }: { readonly state: State }) {
  const [filter, setFilter] = useState(NO_FILTER);
  const { cursor, requests, events } = state;
  const past = cursor === undefined ? undefined : events;
  const all = useMemo(
    () => (cursor === undefined || past === undefined ? requests : requestsAt(requests, past, cursor)),
    [requests, past, cursor],
  );
  const rows = useMemo(() => all.filter((row) => fits(row, filter)), [all, filter]);
  const models = useMemo(() => distinct(all.map(({ model }) => model)), [all]);
  const sessions = useMemo(() => distinct(all.flatMap(({ session }) => session ?? [])).slice(0, 200), [all]);
  const providers = state.snapshot?.providers.map(({ id }) => id) ?? [];
  const choose = (key: keyof Filter) => (value: string) => setFilter({ ...filter, [key]: value });
  return (
    <div class="full">
      <Filters placeholder="Search  ( / )" text={filter.text} search={choose('text')}>
        <Choice name="Outcome" value={filter.result} options={REQUEST_RESULTS} choose={choose('result')} />
        <Choice name="Provider" value={filter.provider} options={providers} choose={choose('provider')} />
        <Choice name="Model" value={filter.model} options={models} choose={choose('model')} />
        <Choice name="Session" value={filter.session} options={sessions} choose={choose('session')} />
        <output class="soft">
          {rows.length === all.length ? `${all.length} requests` : `${rows.length} of ${all.length}`}
        </output>
      </Filters>
      <VirtualList
        rows={rows}
        rowHeight={36}
        label="Requests"
        columns={COLUMNS}
        keyOf={({ id }) => id}
        open={({ id }) => {
          location.hash = linkTo({ view: 'request', id });
        }}
        head={
          <>
            <Head>Time</Head>
            <Head>Outcome</Head>
            <Head>Model</Head>
            <Head>Provider</Head>
            <Head kind="number">Tries</Head>
            <Head kind="number">First</Head>
            <Head kind="number">Total</Head>
            <Head kind="number">Tokens</Head>
            <Head>Session</Head>
          </>
        }
        cells={cellsOf}
      />
      {rows.length === 0 && (
        <p class="nothing">{all.length === 0 ? 'No request has come yet.' : 'Nothing fits.'}</p>
      )}
    </div>
  );
}

function cellsOf(row: RequestSummary) {
  const { usage } = row;
  const tokens = usage === undefined ? '' : `${count(usage.inputTokens)} / ${count(usage.outputTokens)}`;
  const isMoved = row.tried.length > 1;
  return (
    <>
      <Cell kind="number left">{clock(row.receivedAt)}</Cell>
      <Cell>
        <ResultBadge result={row.result} />
      </Cell>
      <Cell kind="ellipsis">
        <a href={linkTo({ view: 'request', id: row.id })} tabIndex={-1}>
          {row.model}
        </a>
      </Cell>
      <Cell kind="ellipsis">
        {isMoved && <span class="way">{row.tried.slice(0, -1).join(' → ')} → </span>}
        {row.provider ?? row.tried.at(-1) ?? (row.cached === true ? 'kept answer' : '–')}
      </Cell>
      <Cell kind={`number ${row.attempts > 1 ? 'strong' : ''}`}>{row.attempts}</Cell>
      <Cell kind="number">{duration(row.timeToFirstContentMs)}</Cell>
      <Cell kind="number">{duration(row.durationMs)}</Cell>
      <Cell kind="number">{tokens}</Cell>
      <Cell kind="ellipsis soft mono">{row.session ?? ''}</Cell>
    </>
  );
}

function fits(row: RequestSummary, { text, session, provider, result, model }: Filter): boolean {
  if (result !== '' && row.result !== result) return false;
  if (model !== '' && row.model !== model) return false;
  if (session !== '' && row.session !== session) return false;
  if (provider !== '' && row.provider !== provider && !row.tried.includes(provider)) return false;
  if (text === '') return true;
  const needle = text.toLowerCase();
  return [row.id, row.model, row.session, row.provider, row.error, ...row.tried].some(
    (each) => each?.toLowerCase().includes(needle) === true,
  );
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}
