import type { AttemptRecord, RequestDetail } from '../../domain/inspection/inspection.ts';

/** A stretch of an attempt: from one milestone to the next. Wall clock, ms. */
export interface Stretch {
  readonly name: 'connect' | 'wait' | 'first event' | 'stream' | 'unfinished';
  readonly from: number;
  readonly to: number;
}

/** An attempt taken apart. What was not reached is absent; where it ended on the way, that stretch ends there. Pure. */
export function stretchesOf(attempt: AttemptRecord, until: number): readonly Stretch[] {
  const { startedAt, sentAt, headAt, committedAt, endedAt = until } = attempt;
  const milestones: readonly (readonly [Stretch['name'], number | undefined])[] = [
    ['connect', sentAt],
    ['wait', headAt],
    ['first event', committedAt],
  ];
  const stretches: Stretch[] = [];
  let from = startedAt;
  for (const [name, at] of milestones) {
    if (at === undefined) {
      const later = milestones
        .slice(milestones.findIndex(([each]) => each === name) + 1)
        .some(([, next]) => next !== undefined);
      if (later) continue;
      stretches.push({ name, from, to: endedAt });
      return stretches;
    }
    stretches.push({ name, from, to: at });
    from = at;
  }
  stretches.push({ name: 'stream', from, to: endedAt });
  return stretches;
}

/** From a request's arrival to its end, or to now. */
export function spanOf(
  { summary, attempts }: RequestDetail,
  now: number,
): { readonly from: number; readonly to: number } {
  const { receivedAt, durationMs } = summary;
  const ends = attempts.map(({ endedAt = 0 }) => endedAt);
  const end = durationMs === undefined ? now : receivedAt + durationMs;
  return { from: receivedAt, to: Math.max(receivedAt + 1, end, ...ends) };
}

/** The states that a request's chart passed, each choice among candidates being one of them. Pure. */
export function pathOf({ decisions, attempts, summary }: RequestDetail): readonly string[] {
  const path: string[] = [];
  let next = 0;
  for (const { verdict } of decisions) {
    path.push('selecting');
    if (verdict === 'wait') path.push('waiting');
    if (verdict !== 'try') continue;
    const attempt = attempts[next];
    next += 1;
    path.push('active.attempting');
    if (attempt?.committedAt !== undefined) path.push('active.streaming');
  }
  if (CHART_ENDS.has(summary.result) && decisions.length > 0) path.push(summary.result);
  return path;
}

const CHART_ENDS: ReadonlySet<string> = new Set(['served', 'broken', 'refused', 'exhausted', 'cancelled']);
