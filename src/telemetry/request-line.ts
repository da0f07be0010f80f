import type { AttemptTrace, RequestTrace } from '../domain/decision/trace.ts';
import type { Outcome, Usage } from '../domain/failures/outcome.ts';
import type { RequestEnded, RequestFacts } from './events.ts';
import { formatBytes, formatCount, formatDuration } from './format.ts';

/**
 * One request as one line:
 * `claude-opus-5-5 → AnyRouter/claude-opus-5-5 · GAC ✗ 429 → AnyRouter ✓ · 200 · first 812 ms · 4.2 s · 12.3k in, 1.2k out`
 */
export function requestLine(event: RequestEnded): string {
  const parts = [
    target(event),
    source(event),
    event.result === 'served' ? String(event.status) : `${event.result} ${event.status || 'without answer'}`,
    event.timeToFirstContentMs === undefined ? '' : `first ${formatDuration(event.timeToFirstContentMs)}`,
    formatDuration(event.durationMs),
    waited(event.trace),
    tokens(event.usage),
    session(event.request),
    event.error ?? '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** A request as it arrives, without its content. */
export function arrivalLine(request: RequestFacts): string {
  const kind = request.stream ? 'stream' : 'no stream';
  return [label(request), kind, formatBytes(request.bytes), session(request)]
    .filter((part) => part !== '')
    .join(' · ');
}

function label(request: RequestFacts): string {
  return request.endpoint === 'count_tokens' ? `count_tokens ${request.model}` : request.model;
}

function target(event: RequestEnded): string {
  if (event.provider === undefined) return label(event.request);
  return `${label(event.request)} → ${event.provider}/${event.model ?? event.request.model}`;
}

/** Where the answer came from: attempts of its own, another request's, or a kept one. */
function source(event: RequestEnded): string {
  if (event.cached === true) return 'kept answer';
  if (event.joined !== undefined) return `shared with ${event.joined}`;
  return attempts(event.trace.attempts);
}

/** `GAC ✗ 429 → AnyRouter ✓`, in the order in which they were tried. */
function attempts(list: readonly AttemptTrace[]): string {
  return list.map(attempt).join(' → ');
}

function attempt({ candidate, mode, outcome }: AttemptTrace): string {
  const how = mode === 'normal' ? '' : ` (${mode})`;
  return `${candidate.provider}${how} ${verdict(outcome)}`;
}

/** ✓, or ✗ with the shortest thing that tells why: status, network code, else the kind. */
function verdict(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '…';
  if (outcome.kind === 'success') return '✓';
  return `✗ ${outcome.status ?? outcome.code ?? outcome.kind}`;
}

/** `waited 3.2 s: every candidate is full`. */
function waited({ waitedMs, decisions }: RequestTrace): string {
  if (waitedMs === undefined) return '';
  const why = decisions.findLast(({ verdict }) => verdict === 'wait')?.reason;
  return `waited ${formatDuration(waitedMs)}${why === undefined ? '' : `: ${why}`}`;
}

function tokens(usage: Usage | undefined): string {
  if (usage?.inputTokens === undefined && usage?.outputTokens === undefined) return '';
  const cached = usage.cacheReadTokens ? ` (+${formatCount(usage.cacheReadTokens)} cached)` : '';
  const input = usage.inputTokens === undefined ? '? in' : `${formatCount(usage.inputTokens)} in`;
  const output = usage.outputTokens === undefined ? '? out' : `${formatCount(usage.outputTokens)} out`;
  return `${input}${cached}, ${output}`;
}

function session(request: RequestFacts): string {
  if (request.session === undefined) return '';
  const agent = request.agent === undefined ? '' : `, agent ${request.agent.slice(0, 8)}`;
  return `session ${request.session.slice(0, 8)}${agent}`;
}
