import { candidateVerdicts } from '../../domain/decision/candidate-words.ts';
import type { AttemptRecord, RequestDetail } from '../../domain/inspection/inspection.ts';
import { duration } from './format.ts';
import { spanOf, stretchesOf } from './request-times.ts';
import { linkTo } from './route.ts';

interface TimelineProps {
  readonly detail: RequestDetail;
  readonly now: number;
  /** The moment that is looked back at, wall clock, ms. */
  readonly looked: number | undefined;
}

/** A request's attempts as bars, and why each was made. */
export function Timeline({ detail, now, looked }: TimelineProps) {
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
