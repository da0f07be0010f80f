import { useEffect, useState } from 'preact/hooks';
import { candidateVerdicts } from '../../domain/candidate-words.ts';
import { eventWords } from '../../domain/event-words.ts';
import type { AttemptRecord, RequestDetail, ShownHeader } from '../../domain/inspection.ts';
import { getRequest } from './api.ts';
import { bytes, clock, count, duration } from './format.ts';
import type { Moment } from './moments.ts';
import { Fact, ResultBadge } from './parts.tsx';
import { pathOf, spanOf, stretchesOf } from './request-times.ts';
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

interface TimelineProps {
  readonly detail: RequestDetail;
  readonly now: number;
  /** The moment that is looked back at, wall clock, ms. */
  readonly looked: number | undefined;
}

function Timeline({ detail, now, looked }: TimelineProps) {
  const { attempts } = detail;
  const span = spanOf(detail, now);
  const place = (at: number): number => ((at - span.from) / (span.to - span.from)) * 100;
  return (
    <>
      <section class="panel timeline" aria-label="Timeline">
        <p class="legend">
          <i class="swatch connect" /> connect <i class="swatch wait" /> wait <i class="swatch first" /> first
          event <i class="swatch stream" /> stream <i class="swatch commit" /> commit{' '}
          <i class="swatch fail" /> failover
        </p>
        <div class="bars">
          <div class="grid" aria-hidden="true">
            {[0, 0.25, 0.5, 0.75, 1].map((share) => (
              <span key={share} style={{ left: `${share * 100}%` }}>
                {duration((span.to - span.from) * share)}
              </span>
            ))}
          </div>
          {looked !== undefined && looked >= span.from && looked <= span.to && (
            <div class="rail" aria-hidden="true">
              <i class="looked" style={{ left: `${place(looked)}%` }} title="the moment looked back at" />
            </div>
          )}
          {attempts.length === 0 && <p class="soft">No provider was asked.</p>}
          {attempts.map((attempt) => (
            <AttemptBar
              key={attempt.number}
              attempt={attempt}
              place={place}
              until={span.to}
              isLast={attempt === attempts.at(-1)}
            />
          ))}
        </div>
      </section>
      <Decisions detail={detail} />
    </>
  );
}

interface BarProps {
  readonly attempt: AttemptRecord;
  readonly place: (at: number) => number;
  readonly until: number;
  readonly isLast: boolean;
}

function AttemptBar({ attempt, place, until, isLast }: BarProps) {
  const { number, candidate, outcome, mode, repair, startedAt, endedAt = until } = attempt;
  const stretches = stretchesOf(attempt, until);
  const failed = outcome !== undefined && outcome.kind !== 'success';
  const words = stretches.map(({ name, from, to }) => `${name} ${duration(to - from)}`).join(', ');
  const end = outcome === undefined ? 'running' : outcome.kind.replaceAll('_', ' ');
  return (
    <div class="bar-row" data-attempt={number}>
      <div class="bar-name">
        <b>{number}</b>
        <a class="ellipsis" href={linkTo({ view: 'provider', id: candidate.provider })}>
          {candidate.provider}
        </a>
        <small class="ellipsis">
          {candidate.model}
          {mode === 'normal' ? '' : ` · ${mode}`}
          {repair === undefined ? '' : ` · ${repair.replaceAll('_', ' ')}`}
        </small>
      </div>
      <div
        class="bar-track"
        role="img"
        aria-label={`Attempt ${number} at ${candidate.provider}: ${words}; ${end}.`}
      >
        {stretches.map(({ name, from, to }) => (
          <i
            key={name}
            class={`stretch ${name.split(' ')[0]}`}
            style={{ left: `${place(from)}%`, width: `${Math.max(0.15, place(to) - place(from))}%` }}
            title={`${name}: ${duration(to - from)}`}
          />
        ))}
        {attempt.committedAt !== undefined && (
          <i class="commit-line" style={{ left: `${place(attempt.committedAt)}%` }} title="the commit" />
        )}
        {failed && (
          <i class={`failover ${isLast ? 'last' : ''}`} style={{ left: `${place(endedAt)}%` }} title={end} />
        )}
      </div>
      <div class="bar-end">
        <span class={`badge ${failed ? 'bad' : outcome === undefined ? 'live' : 'good'}`}>{end}</span>
        <small>{duration(endedAt - startedAt)}</small>
      </div>
      {failed && <p class="bar-detail">{outcome.detail}</p>}
      {!failed && <p class="bar-detail soft">{words}</p>}
    </div>
  );
}

/** Why each candidate was chosen or passed over, each time one was chosen. */
function Decisions({ detail }: { readonly detail: RequestDetail }) {
  const { decisions, attempts, summary, plan } = detail;
  const tries = decisions.filter(({ verdict }) => verdict === 'try');
  if (decisions.length === 0) return null;
  return (
    <>
      <h2>Why</h2>
      {plan !== undefined && (
        <p class="soft">
          Order: {plan.order.map(({ provider }) => provider).join(', ')} – {plan.reason}
        </p>
      )}
      <ol class="decisions">
        {decisions.map((decision, index) => {
          const chosen = attempts[tries.indexOf(decision)]?.candidate;
          const title =
            decision.verdict === 'try'
              ? `${chosen?.provider ?? 'a candidate'}: ${decision.reason}`
              : decision.verdict === 'wait'
                ? `Wait: ${decision.reason}`
                : `Give up: ${decision.reason}`;
          return (
            <li key={index} class="panel">
              <header>
                <b>{title}</b>
                <small>
                  round {decision.round}, +{duration(decision.at - summary.receivedAt)}
                </small>
              </header>
              <ul>
                {candidateVerdicts(decision, chosen).map(({ provider, model, verdict, why }) => (
                  <li key={`${provider}/${model}`} class={verdict.replace(' ', '-')}>
                    <span class="mark" aria-hidden="true" />
                    <a href={linkTo({ view: 'provider', id: provider })}>{provider}</a>
                    <small class="soft">{model}</small>
                    <span>
                      {verdict}: {why}
                    </span>
                  </li>
                ))}
              </ul>
            </li>
          );
        })}
      </ol>
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

function Headers({ detail, captures }: { readonly detail: RequestDetail; readonly captures: boolean }) {
  return (
    <>
      <HeaderTable title="From the client" headers={detail.headers} />
      {detail.attempts.map((attempt) => (
        <section key={attempt.number}>
          <h2>
            Attempt {attempt.number} at {attempt.candidate.provider}
          </h2>
          {attempt.url !== undefined && <p class="mono wrap">POST {attempt.url}</p>}
          <div class="columns">
            {attempt.requestHeaders !== undefined && (
              <HeaderTable title="Sent" headers={attempt.requestHeaders} />
            )}
            {attempt.responseHeaders !== undefined && (
              <HeaderTable
                title={`Answered: HTTP ${attempt.status ?? ''}`}
                headers={attempt.responseHeaders}
              />
            )}
          </div>
          {attempt.errorBody !== undefined && (
            <>
              <h3>What it said</h3>
              <pre tabIndex={0}>{pretty(attempt.errorBody)}</pre>
            </>
          )}
        </section>
      ))}
      <Body title="Request" text={detail.body} captures={captures} />
      <Body title="Answer" text={detail.answer} captures={captures} />
    </>
  );
}

function HeaderTable({
  title,
  headers,
}: {
  readonly title: string;
  readonly headers: readonly ShownHeader[];
}) {
  return (
    <section>
      <h3>{title}</h3>
      <table class="plain headers">
        <tbody>
          {headers.map(([name, value], at) => (
            <tr key={at}>
              <th scope="row" class="mono">
                {name}
              </th>
              <td class={`mono wrap ${value === null ? 'soft' : ''}`}>{value ?? 'not shown'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Body({
  title,
  text,
  captures,
}: {
  readonly title: string;
  readonly text: string | undefined;
  readonly captures: boolean;
}) {
  if (text === undefined) {
    return captures ? null : (
      <p class="soft">
        {title}: its content is not kept. <code>settings.inspector.capture_bodies</code> would keep it.
      </p>
    );
  }
  return (
    <section>
      <h2>{title}</h2>
      <pre tabIndex={0}>{pretty(text)}</pre>
    </section>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
