import { candidateVerdicts } from '../domain/decision/candidate-words.ts';
import type { AttemptTrace, DecisionTrace } from '../domain/decision/trace.ts';
import { isFailure } from '../domain/failures/outcome.ts';
import type { TraceFile } from '../domain/inspection/inspection.ts';
import { counted, formatDuration, oneLine } from '../telemetry/format.ts';
import type { Replayed } from './replay-run.ts';

/** What a replay decided, held against what had been decided. */
export type Comparison =
  | { readonly kind: 'same' }
  /** `at`: the first decision (1, 2, …) that is another one. */
  | { readonly kind: 'differs'; readonly at: number; readonly was: string; readonly is: string };

interface Decided {
  readonly decisions: readonly DecisionTrace[];
  readonly attempts: readonly AttemptTrace[];
}

/** Whether both decided the same, one after the other, and came to the same end. */
export function comparison(trace: TraceFile, replayed: Replayed): Comparison {
  const was = [...decisionLines(trace), `end: ${trace.summary.result}`];
  const is = [...decisionLines(replayed), `end: ${replayed.result}`];
  // A request of ours that failed or was cut off at its client ends otherwise than its chart.
  const length = Math.max(was.length, is.length);
  for (let at = 0; at < length; at += 1) {
    if (was[at] === is[at]) continue;
    return { kind: 'differs', at: at + 1, was: was[at] ?? 'nothing', is: is[at] ?? 'nothing' };
  }
  return { kind: 'same' };
}

/** `try steady/claude-opus: ready`, `wait: every provider cools`. */
function decisionLines({ decisions, attempts }: Decided): readonly string[] {
  return decisions.map((decision) => decisionLine(decision, chosenBy(decision, { decisions, attempts })));
}

function decisionLine({ verdict, reason }: DecisionTrace, chosen: AttemptTrace | undefined): string {
  const whom = chosen === undefined ? '' : ` ${chosen.candidate.provider}/${chosen.candidate.model}`;
  return `${verdict.replace('_', ' ')}${whom}: ${reason}`;
}

/** The attempt that a decision led to. */
function chosenBy(decision: DecisionTrace, { decisions, attempts }: Decided): AttemptTrace | undefined {
  if (decision.verdict !== 'try') return undefined;
  const tries = decisions.filter(({ verdict }) => verdict === 'try');
  return attempts[attempts.length - tries.length + tries.indexOf(decision)];
}

/** Every decision with its reasons, every attempt with its end, and how that compares. */
export function replayText(
  trace: TraceFile,
  replayed: Replayed,
  compared: Comparison,
  config?: string,
): string {
  const { summary } = trace;
  const start = summary.receivedAt;
  const lines = [
    `${summary.id}: ${summary.model}, recorded by ${trace.version}`,
    ...(config === undefined ? [] : [`What ${config} would have done:`]),
    '',
  ];
  for (const decision of replayed.decisions) {
    const chosen = chosenBy(decision, replayed);
    lines.push(`${after(decision.at - start)}  ${decisionLine(decision, chosen)}`);
    for (const { provider, model, verdict, why } of candidateVerdicts(decision, chosen?.candidate)) {
      if (verdict !== 'chosen') lines.push(`${' '.repeat(12)}${provider}/${model} ${verdict}: ${why}`);
    }
    if (chosen !== undefined) lines.push(`${' '.repeat(12)}${attemptLine(chosen)}`);
  }
  lines.push(
    `${' '.repeat(10)}  end: ${replayed.result}, ${counted(replayed.attempts.length, 'attempt')}`,
    '',
  );
  if (replayed.assumed.length > 0) {
    lines.push(`Taken to have answered, as the trace says nothing of them: ${replayed.assumed.join(', ')}.`);
  }
  lines.push(...comparisonLines(compared), '');
  return lines.map(oneLineOr).join('\n');
}

function comparisonLines(compared: Comparison): readonly string[] {
  if (compared.kind === 'same') return ['The same decisions as recorded.'];
  return [
    `Differs from what was recorded at step ${compared.at}:`,
    `  recorded: ${compared.was}`,
    `  replayed: ${compared.is}`,
  ];
}

function attemptLine({ number, candidate, outcome, startedAt, endedAt = startedAt }: AttemptTrace): string {
  const took = formatDuration(endedAt - startedAt);
  if (outcome === undefined) return `attempt ${number} at ${candidate.provider}: no end`;
  const detail = isFailure(outcome) && outcome.detail !== '' ? ` (${outcome.detail})` : '';
  return `attempt ${number} at ${candidate.provider}: ${outcome.kind.replaceAll('_', ' ')} after ${took}${detail}`;
}

function after(ms: number): string {
  return `+${formatDuration(Math.max(0, ms))}`.padStart(10);
}

/** A trace comes from elsewhere: what it holds must not command a terminal. Its indentation is ours. */
function oneLineOr(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  return indent + oneLine(line);
}
