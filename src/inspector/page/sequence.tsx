import type { RequestDetail } from '../../domain/inspection/inspection.ts';
import { duration } from './format.ts';
import { Tip } from './parts.tsx';

interface Arrow {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly tone?: 'good' | 'bad' | 'soft';
}

const LANE = 176;
const ROW = 34;
const TOP = 58;

/** One request as messages between its client, its chart, the providers' charts and the upstreams. */
export function Sequence({ detail }: { readonly detail: RequestDetail }) {
  const arrows = arrowsOf(detail);
  const providers = [...new Set(detail.attempts.map(({ candidate }) => candidate.provider))];
  const lanes = ['client', 'request', ...providers.flatMap((id) => [`provider:${id}`, `upstream:${id}`])];
  const width = lanes.length * LANE + 64;
  const height = TOP + arrows.length * ROW + 24;
  const x = (lane: string): number => 64 + lanes.indexOf(lane) * LANE + LANE / 2;
  return (
    <section class="sequence-scroll" tabIndex={0} aria-label="Sequence">
      <svg
        class="sequence"
        viewBox={`0 0 ${width} ${height}`}
        // Smaller than that it cannot be read: it is scrolled.
        style={{ width: `${width}px`, minWidth: `${0.85 * width}px` }}
        role="img"
        aria-label={`Sequence of ${arrows.length} messages; the same is told in the list of attempts.`}
      >
        <defs>
          {['plain', 'good', 'bad', 'soft'].map((tone) => (
            <Tip key={tone} id={`arrow-${tone}`} tone={tone} size={9} />
          ))}
        </defs>
        {lanes.map((lane) => (
          <g key={lane} class={`lane ${kindOf(lane)}`}>
            <line x1={x(lane)} x2={x(lane)} y1={44} y2={height - 8} />
            <rect x={x(lane) - LANE / 2 + 8} y={8} width={LANE - 16} height={36} rx="8" />
            <text class="kind" x={x(lane)} y={22} text-anchor="middle">
              {kindOf(lane)}
            </text>
            <text x={x(lane)} y={36} text-anchor="middle">
              {short(nameOf(lane))}
            </text>
          </g>
        ))}
        {arrows.map(({ at, from, to, text, tone }, index) => {
          const y = TOP + index * ROW + 22;
          const [start, end] = [x(from), x(to)];
          const middle = from === to ? start + 12 : (start + end) / 2;
          return (
            <g key={index} class={`message ${tone ?? 'plain'}`}>
              <text class="time" x={56} y={y + 4} text-anchor="end">
                +{duration(at - detail.summary.receivedAt)}
              </text>
              {from === to ? (
                <path
                  d={`M${start} ${y - 8}h14q6 0 6 6v4q0 6 -6 6h-12`}
                  marker-end={`url(#arrow-${tone ?? 'plain'})`}
                />
              ) : (
                <line
                  x1={start}
                  x2={end + (end > start ? -3 : 3)}
                  y1={y}
                  y2={y}
                  marker-end={`url(#arrow-${tone ?? 'plain'})`}
                />
              )}
              <text
                class="words"
                x={from === to ? start + 28 : middle}
                y={from === to ? y + 4 : y - 6}
                text-anchor={from === to ? 'start' : 'middle'}
              >
                {clip(text, from === to ? 24 : Math.max(26, Math.round(Math.abs(end - start) / 6.2) - 2))}
                <title>{text}</title>
              </text>
            </g>
          );
        })}
      </svg>
    </section>
  );
}

function arrowsOf({ summary, attempts, decisions, events }: RequestDetail): readonly Arrow[] {
  const { receivedAt, durationMs, endpoint, model, status, result } = summary;
  const path = endpoint === 'messages' ? 'POST /v1/messages' : 'count_tokens';
  const arrows: Arrow[] = [{ at: receivedAt, from: 'client', to: 'request', text: path }];
  for (const { at, verdict, reason } of decisions) {
    if (verdict !== 'try')
      arrows.push({
        at,
        from: 'request',
        to: 'request',
        text: `${verdict.replace('_', ' ')}: ${reason}`,
        tone: 'soft',
      });
  }
  for (const attempt of attempts) {
    const { candidate, startedAt, sentAt, headAt, committedAt, endedAt, outcome, mode, number } = attempt;
    const [provider, upstream] = [`provider:${candidate.provider}`, `upstream:${candidate.provider}`];
    const kind = mode === 'normal' ? '' : ` (${mode})`;
    arrows.push({ at: startedAt, from: 'request', to: provider, text: `attempt ${number} started${kind}` });
    arrows.push({
      at: sentAt ?? startedAt,
      from: 'request',
      to: upstream,
      text: candidate.model === model ? 'request' : candidate.model,
    });
    const failed = outcome !== undefined && outcome.kind !== 'success';
    if (headAt !== undefined) {
      arrows.push({
        at: headAt,
        from: upstream,
        to: 'request',
        text: `HTTP ${attempt.status ?? ''}`.trim(),
        tone: failed && committedAt === undefined ? 'bad' : 'good',
      });
    }
    if (committedAt !== undefined)
      arrows.push({
        at: committedAt,
        from: 'request',
        to: 'client',
        text: 'first content: the commit',
        tone: 'good',
      });
    if (endedAt === undefined || outcome === undefined) continue;
    if (failed)
      arrows.push({
        at: endedAt,
        from: upstream,
        to: 'request',
        text: outcome.kind.replaceAll('_', ' '),
        tone: 'bad',
      });
    arrows.push({
      at: endedAt,
      from: 'request',
      to: provider,
      text: `verdict: ${outcome.kind.replaceAll('_', ' ')}`,
      tone: failed ? 'bad' : 'good',
    });
  }
  const lanes = new Set(attempts.map(({ candidate }) => `provider:${candidate.provider}`));
  for (const { actor, at, from, to } of events) {
    if (lanes.has(actor) && from !== to && to !== undefined)
      arrows.push({ at, from: actor, to: actor, text: `→ ${to}`, tone: 'soft' });
  }
  arrows.sort((a, b) => a.at - b.at);
  if (durationMs !== undefined) {
    const tone = result === 'served' || result === 'local' ? 'good' : 'bad';
    arrows.push({
      at: receivedAt + durationMs,
      from: 'request',
      to: 'client',
      text: `${result}${status === 0 ? '' : `, HTTP ${status}`}`,
      tone,
    });
  }
  return arrows;
}

function kindOf(lane: string): string {
  return lane.split(':')[0] ?? '';
}

function nameOf(lane: string): string {
  const at = lane.indexOf(':');
  return at === -1 ? (lane === 'client' ? 'Claude Code' : 'its chart') : lane.slice(at + 1);
}

function short(text: string): string {
  return clip(text, 20);
}

function clip(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
