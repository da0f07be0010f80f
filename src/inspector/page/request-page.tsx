import { useEffect, useState } from 'preact/hooks';
import { eventWords } from '../../domain/inspection/event-words.ts';
import type { RequestDetail } from '../../domain/inspection/inspection.ts';
import { getRequest } from './api.ts';
import { bytes, clock, count, duration } from './format.ts';
import type { Moment } from './moments.ts';
import { Fact, ResultBadge } from './parts.tsx';
import { Headers } from './request-headers.tsx';
import { Timeline } from './request-timeline.tsx';
import { pathOf } from './request-times.ts';
import { linkTo } from './route.ts';
import { Sequence } from './sequence.tsx';
import { Statechart } from './statechart.tsx';
import type { State } from './store.ts';

type Tab = 'timeline' | 'sequence' | 'states' | 'headers';
const TABS: readonly (readonly [Tab, string])[] = [
  ['timeline', 'Timeline'],
  ['sequence', 'Sequence'],
  ['states', 'States'],
  ['headers', 'Headers and bodies'],
];

interface RequestPageProps {
  readonly id: string;
  readonly state: State;
  /** Looking back; undefined: now. */
  readonly moment: Moment | undefined;
}

/** Everything that is known of one request, whenever one looks; a moment looked back at is a line in its timeline. */
export function RequestPage({ id, state, moment }: RequestPageProps) {
  const [detail, setDetail] = useState<RequestDetail>();
  const [problem, setProblem] = useState('');
  const [tab, setTab] = useState<Tab>('timeline');
  const row = state.requests.find((each) => each.id === id);
  const isRunning = detail === undefined || detail.summary.result === 'running';
  const version = isRunning ? state.events.at(-1)?.seq : row?.result;
  useEffect(() => {
    const current = { asks: true };
    getRequest(id).then(
      (found) => current.asks && setDetail(found),
      (error: unknown) => current.asks && setProblem(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      current.asks = false;
    };
  }, [id, version]);
  if (detail === undefined) {
    return <section class="empty">{problem === '' ? 'Asking the balancer…' : problem}</section>;
  }
  return (
    <>
      <Summary detail={detail} />
      <div class="tabs" role="tablist" aria-label="Views of this request">
        {TABS.map(([name, title]) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={tab === name}
            aria-controls="tab-panel"
            tabIndex={tab === name ? 0 : -1}
            onClick={() => setTab(name)}
            onKeyDown={(event) => moveTab(event, tab, setTab)}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`}>
        {tab === 'timeline' && <Timeline detail={detail} now={Date.now() + state.skew} looked={moment?.at} />}
        {tab === 'sequence' && (
          <section class="panel">
            <Sequence detail={detail} />
          </section>
        )}
        {tab === 'states' && <States detail={detail} />}
        {tab === 'headers' && <Headers detail={detail} captures={state.snapshot?.captures_bodies === true} />}
      </div>
    </>
  );
}

function moveTab(event: KeyboardEvent, tab: Tab, setTab: (tab: Tab) => void): void {
  const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (by === 0) return;
  event.preventDefault();
  event.stopPropagation();
  const at = TABS.findIndex(([name]) => name === tab);
  const next = TABS[(at + by + TABS.length) % TABS.length]?.[0] ?? tab;
  setTab(next);
  document.getElementById(`tab-${next}`)?.focus();
}

function Summary({ detail }: { readonly detail: RequestDetail }) {
  const { summary, waitedMs } = detail;
  const { usage } = summary;
  return (
    <>
      <section class="provider-head">
        <ResultBadge result={summary.result} />
        <span class="mono">{summary.id}</span>
        <div class="spacer" />
        <a class="button" href={`/inspector/requests/${encodeURIComponent(summary.id)}/trace`} download>
          Export trace
        </a>
      </section>
      {summary.error !== undefined && <p class="error-line">{summary.error}</p>}
      <dl class="fact-row">
        <Fact name="Came">{clock(summary.receivedAt, true)}</Fact>
        <Fact name="Model">{summary.model}</Fact>
        <Fact name="Served by">
          {summary.provider === undefined ? (
            summary.cached === true ? (
              'a kept answer'
            ) : (
              '–'
            )
          ) : (
            <a href={linkTo({ view: 'provider', id: summary.provider })}>{summary.provider}</a>
          )}
        </Fact>
        <Fact name="Status">{summary.status === 0 ? '–' : summary.status}</Fact>
        <Fact name="First content">{duration(summary.timeToFirstContentMs)}</Fact>
        <Fact name="Total">{duration(summary.durationMs)}</Fact>
        <Fact name="Attempts">{summary.attempts}</Fact>
        <Fact name="Waited">{duration(waitedMs ?? 0)}</Fact>
        <Fact name="Body">{bytes(summary.bytes)}</Fact>
        <Fact name="Tokens">
          {usage === undefined ? '–' : `${count(usage.inputTokens)} in, ${count(usage.outputTokens)} out`}
        </Fact>
        {usage?.cacheReadTokens !== undefined && (
          <Fact name="Cache">
            {count(usage.cacheReadTokens)} read, {count(usage.cacheCreationTokens ?? 0)} written
          </Fact>
        )}
        {summary.session !== undefined && (
          <Fact name="Session">
            <span class="mono wrap">{summary.session}</span>
          </Fact>
        )}
        {summary.joined !== undefined && (
          <Fact name="Shared the answer of">
            <a href={linkTo({ view: 'request', id: summary.joined })}>{summary.joined}</a>
          </Fact>
        )}
      </dl>
    </>
  );
}

function States({ detail }: { readonly detail: RequestDetail }) {
  const path = pathOf(detail);
  return (
    <>
      <section class="panel chart-panel" aria-label="Statechart of the request">
        <p class="path">
          {path.map((name, at) => (
            <span key={at}>{name.replace('active.', '')}</span>
          ))}
        </p>
        <Statechart chart="request" active={path.at(-1) ?? 'selecting'} path={path} />
      </section>
      <h2>Events</h2>
      <table class="plain">
        <thead>
          <tr>
            <th>Number</th>
            <th>Time</th>
            <th>Actor</th>
            <th>Event</th>
            <th>From</th>
            <th>To</th>
            <th>Changed</th>
          </tr>
        </thead>
        <tbody>
          {detail.events.map(({ seq, at, actor, event, kind, from, to, changed }) => (
            <tr key={seq}>
              <td class="number">{seq}</td>
              <td class="number">{clock(at, true)}</td>
              <td>{actor.startsWith('request:') ? 'request' : actor}</td>
              <td class="mono">{event === undefined ? kind : eventWords(event)}</td>
              <td>{from ?? ''}</td>
              <td>{to ?? ''}</td>
              <td class="soft wrap">{changed?.join(', ') ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
