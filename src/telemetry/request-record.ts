import type { AttemptTrace, DecisionTrace } from '../domain/decision/trace.ts';
import { isFailure } from '../domain/failures/outcome.ts';
import type { AttemptMoment, RequestSummary } from '../domain/inspection/inspection.ts';
import type { Redactor } from '../domain/secrets/secrets.ts';
import type { EventDraft, EventSource } from './event-ring.ts';
import type { RequestEnded, RequestFacts } from './events.ts';
import type { RequestWatch, WatchStart } from './inspection-sink.ts';
import type { Step, TransitionTable } from './transition-table.ts';

/** What an exchange has told of one attempt, by reference. */
export interface AttemptParts {
  url: string;
  requestHeaders: readonly string[];
  sentAt: number | undefined;
  headAt: number | undefined;
  status: number | undefined;
  responseHeaders: readonly string[] | undefined;
  errorBody: Buffer | undefined;
}

/** Numbers of a request's own events; those of its chart's steps follow. */
export const RECEIVED = 0;
export const ENDED = 1;
export const FIRST_STEP = 2;

/** Of what a client sends and gets, so much is captured each, bytes. */
const MAX_CAPTURED = 256 * 1024;
/** Of a failure's words: more than is shown, so that a key is struck out whole before they are cut. Bytes. */
const MAX_ERROR_BODY = 32 * 1024;

export interface RecordPorts {
  readonly now: () => number;
  readonly steps: TransitionTable;
}

/** Everything that is kept of one request, as it came: it is made fit for showing when somebody looks. */
export class RequestRecord implements RequestWatch, EventSource {
  readonly number: number;
  readonly facts: RequestFacts;
  readonly receivedAt: number;
  readonly #ports: RecordPorts;
  headers: readonly string[] = [];
  redactor: Redactor | undefined = undefined;
  plan: WatchStart['plan'] | undefined = undefined;
  hosts: WatchStart['hosts'] | undefined = undefined;
  decisions: readonly DecisionTrace[] = [];
  attempts: readonly AttemptTrace[] = [];
  /** By the attempt's number less one. */
  readonly parts: AttemptParts[] = [];
  ended: RequestEnded | undefined = undefined;
  body: Buffer | undefined = undefined;
  readonly answer: Buffer[] = [];
  answerBytes = 0;
  captures = false;
  /** Its estimated size when it had ended, bytes. */
  size = 0;

  constructor(number: number, facts: RequestFacts, receivedAt: number, ports: RecordPorts) {
    this.number = number;
    this.facts = facts;
    this.receivedAt = receivedAt;
    this.#ports = ports;
  }

  get id(): string {
    return this.facts.id;
  }

  /** Its size is booked where records are kept. */
  get eventBytes(): number {
    return 0;
  }

  event(at: number, step: number, attempt: number): EventDraft {
    const actor = `request:${this.id}`;
    if (step < FIRST_STEP) return { at, kind: 'request', actor, request: this.summary(step === ENDED) };
    const found = this.#ports.steps.step(step);
    if (found === undefined) return { at, kind: 'transition', actor };
    const { kind, event, from, to, changed } = found;
    const about = this.#moment(attemptOf(found, attempt), endsAttempt(found));
    const begun = beginsAttempt(found) ? this.#moment(attempt, false) : undefined;
    return {
      at,
      kind,
      actor,
      ...(kind === 'started' ? { to } : { event, from, to, changed }),
      ...(about === undefined ? {} : { attempt: about }),
      ...(begun === undefined ? {} : { begun }),
    };
  }

  asked(attempt: number, url: string, requestHeaders: readonly string[]): void {
    this.parts[attempt - 1] = {
      url,
      requestHeaders,
      sentAt: undefined,
      headAt: undefined,
      status: undefined,
      responseHeaders: undefined,
      errorBody: undefined,
    };
  }

  reached(attempt: number, milestone: 'sent' | 'head'): void {
    const parts = this.parts[attempt - 1];
    if (parts === undefined) return;
    if (milestone === 'sent') parts.sentAt = this.#ports.now();
    else parts.headAt = this.#ports.now();
  }

  answered(attempt: number, status: number, headers: readonly string[], body?: Buffer): void {
    const parts = this.parts[attempt - 1];
    if (parts === undefined) return;
    parts.status = status;
    parts.responseHeaders = headers;
    if (body !== undefined) parts.errorBody = Buffer.from(body.subarray(0, MAX_ERROR_BODY));
  }

  captureBody(body: Buffer): void {
    this.captures = true;
    this.body = Buffer.from(body.subarray(0, MAX_CAPTURED));
  }

  capture(bytes: Buffer): void {
    const room = MAX_CAPTURED - this.answerBytes;
    if (room <= 0) return;
    const kept = Buffer.from(bytes.subarray(0, room));
    this.answer.push(kept);
    this.answerBytes += kept.length;
  }

  /** It is no longer kept, but events may still name it: only what they say of it stays. */
  shed(): void {
    this.headers = [];
    this.plan = undefined;
    this.hosts = undefined;
    this.decisions = [];
    this.parts.length = 0;
    this.answer.length = 0;
    this.body = undefined;
  }

  /** The row of a table; as it was when it came unless `now`. */
  summary(now = true): RequestSummary {
    const { number, facts, receivedAt, attempts } = this;
    const { id, endpoint, model, stream, bytes, session } = facts;
    const tried = now ? [...new Set(attempts.map(({ candidate }) => candidate.provider))] : [];
    const base = {
      id,
      number,
      endpoint,
      model,
      stream,
      bytes,
      receivedAt,
      ...(session === undefined ? {} : { session }),
      attempts: now ? attempts.length : 0,
      tried,
    };
    const last = attempts.at(-1)?.candidate;
    if (this.ended === undefined || !now) {
      const asked = last === undefined || !now ? {} : { provider: last.provider, upstreamModel: last.model };
      return { ...base, result: 'running', status: 0, ...asked };
    }
    return { ...base, ...endOf(this.ended) };
  }

  /** An attempt while it ran, or as it ended. */
  #moment(attempt: number, hasEnded: boolean): AttemptMoment | undefined {
    const found = this.attempts[attempt - 1];
    if (found === undefined) return undefined;
    const { number, candidate, mode, outcome, usage, startedAt, committedAt } = found;
    const base = { number, provider: candidate.provider, model: candidate.model, mode };
    if (outcome === undefined || !hasEnded) return base;
    const ended = {
      ...base,
      outcome: outcome.kind,
      ...(committedAt === undefined ? {} : { firstContentMs: committedAt - startedAt }),
      ...(usage === undefined ? {} : { usage }),
    };
    if (!isFailure(outcome)) return ended;
    const { detail, status } = outcome;
    return { ...ended, detail, ...(status === undefined ? {} : { status }) };
  }
}

const COMMITTED = 'attempt.committed';

/** Whether an attempt ended by a step of a request's chart. */
function endsAttempt({ from, event }: Pick<Step, 'from' | 'event'>): boolean {
  return from.startsWith('active') && event !== COMMITTED;
}

/** Whether an attempt began by it. */
function beginsAttempt({ event, to }: Pick<Step, 'event' | 'to'>): boolean {
  return to.startsWith('active') && event !== COMMITTED;
}

/** Number of the attempt that a step ended or committed, where there had been `attempts` after it; 0: none. */
export function attemptOf(step: Pick<Step, 'from' | 'event' | 'to'>, attempts: number): number {
  if (step.event === COMMITTED) return attempts;
  if (!endsAttempt(step)) return 0;
  return beginsAttempt(step) ? attempts - 1 : attempts;
}

function endOf(ended: RequestEnded) {
  const { result, status, provider, model, joined, cached, error, usage, durationMs } = ended;
  const first = ended.timeToFirstContentMs;
  return {
    result,
    status,
    durationMs,
    ...(provider === undefined ? {} : { provider }),
    ...(model === undefined ? {} : { upstreamModel: model }),
    ...(joined === undefined ? {} : { joined }),
    ...(cached === undefined ? {} : { cached }),
    ...(first === undefined ? {} : { timeToFirstContentMs: first }),
    ...(usage === undefined ? {} : { usage }),
    ...(error === undefined ? {} : { error }),
  };
}

/** What a record costs, roughly, bytes. Counted, not measured: measuring would cost more than keeping it. */
export function recordSize(record: RequestRecord): number {
  const { headers, parts, decisions, attempts, body, answerBytes, ended } = record;
  let size = 1_200 + 40 * headers.length + 300 * attempts.length + 2 * (ended?.error?.length ?? 0);
  for (const { considered } of decisions) size += 120 + 120 * considered.length;
  for (const { requestHeaders, responseHeaders, errorBody } of parts) {
    size += 120 + 40 * (requestHeaders.length + (responseHeaders?.length ?? 0)) + (errorBody?.length ?? 0);
  }
  return size + (body?.length ?? 0) + answerBytes;
}
