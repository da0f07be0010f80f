import type { Usage } from '../domain/failures/outcome.ts';
import { type InspectionView, REQUEST_KEYS } from '../domain/inspection/inspection.ts';
import { createEventRing, type EventDraft, type EventSource } from './event-ring.ts';
import type { BalancerEvent, RequestEnded } from './events.ts';
import type { InspectionSink } from './inspection-sink.ts';
import { createHourStatistics } from './minute-statistics.ts';
import { requestDetail } from './request-detail.ts';
import { attemptOf, ENDED, FIRST_STEP, RECEIVED } from './request-record.ts';
import { createRequestRecords } from './request-records.ts';
import { createTransitionTable } from './transition-table.ts';

export interface InspectionOptions {
  readonly maxEvents: number;
  readonly maxRequests: number;
  /** Of events and of records, each, bytes. */
  readonly maxBytes: number;
  /** Whether message content is kept at this moment. */
  readonly capturesBodies: () => boolean;
  readonly now: () => number;
  /** Strikes configured secrets out of a text. */
  readonly redact: (text: string) => string;
}

/** The inspector's memory. Telling it something costs a few assignments; what that comes to is made when somebody looks. */
export interface Inspection extends InspectionView {
  readonly sink: InspectionSink;
  readonly observe: (event: BalancerEvent) => void;
}

interface Totals {
  since: number;
  state: string;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheCreationTokens: number;
}

export function createInspection(options: InspectionOptions): Inspection {
  const { maxEvents, maxRequests, maxBytes, capturesBodies, now, redact } = options;
  const ring = createEventRing({ maxEvents, maxBytes });
  const steps = createTransitionTable(REQUEST_KEYS, FIRST_STEP);
  const records = createRequestRecords({ maxRequests, maxBytes }, { now, steps });
  const hour = createHourStatistics();
  const totals = new Map<string, Totals>();
  const listeners = new Set<() => void>();

  const push: typeof ring.push = (at, source, step, attempt) => {
    ring.push(at, source, step, attempt);
    for (const listener of listeners) listener();
  };
  const totalsOf = (provider: string): Totals => {
    const found = totals.get(provider) ?? emptyTotals(now());
    totals.set(provider, found);
    return found;
  };
  const countUsage = (provider: string, usage: Usage): void => {
    const sum = totalsOf(provider);
    sum.inputTokens += usage.inputTokens ?? 0;
    sum.outputTokens += usage.outputTokens ?? 0;
    sum.cacheReadTokens += usage.cacheReadTokens ?? 0;
    sum.cacheCreationTokens += usage.cacheCreationTokens ?? 0;
  };
  const ended = (event: RequestEnded): void => {
    const at = now();
    const { request } = event;
    const record = records.get(request.id) ?? records.begin(request, at - event.durationMs);
    records.end(record, event);
    hour.ended(event, at);
    push(at, record, ENDED);
  };

  return {
    sink: {
      provider(draft) {
        const { provider } = draft;
        if (provider !== undefined) {
          const known = totalsOf(provider.id);
          if (known.state !== provider.state)
            Object.assign(known, { state: provider.state, since: draft.at });
        }
        push(draft.at, draftSource(draft));
      },
      balancer: (draft) => push(draft.at, draftSource(draft)),
      request({ id, decisions, attempts }, kind, from, event, to, changed) {
        const record = records.get(id);
        if (record === undefined) return;
        if (record.ended === undefined) {
          record.decisions = decisions;
          record.attempts = attempts;
        }
        // With the very event that tells of it: whoever adds up the feed comes to the same sums.
        const settled = attempts[attemptOf({ from, event, to }, attempts.length) - 1];
        if (settled?.usage !== undefined) countUsage(settled.candidate.provider, settled.usage);
        push(now(), record, steps.number(kind, from, event, to, changed), attempts.length);
      },
      watch(id, { headers, body, redactor, plan, hosts }) {
        const record = records.get(id);
        if (record === undefined) return undefined;
        record.headers = headers;
        record.redactor = redactor;
        record.plan = plan;
        record.hosts = hosts;
        if (capturesBodies()) record.captureBody(body);
        return record;
      },
    },
    observe(event) {
      if (event.type === 'request.received') {
        const at = now();
        push(at, records.begin(event.request, at), RECEIVED);
      } else if (event.type === 'request.ended') ended(event);
    },
    get firstSeq() {
      return ring.first;
    },
    get lastSeq() {
      return ring.last;
    },
    after: (seq, limit) => ring.after(seq, limit),
    base: () => [...ring.base.values()],
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    page: (query) => records.page(query),
    detail(id) {
      const record = records.get(id);
      if (record === undefined) return undefined;
      const isItsOwn = (source: EventSource): boolean =>
        source === record || (source as Partial<DraftSource>).requestId === id;
      const events = ring.after(0, Number.POSITIVE_INFINITY, isItsOwn);
      return requestDetail(record, events, redact);
    },
    minutes: () => hour.minutes(now()),
    totals: () => [...totals].map(([id, { state: _, ...sums }]) => ({ id, ...sums })),
  };
}

function emptyTotals(since: number): Totals {
  return {
    since,
    state: '',
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheCreationTokens: 0,
  };
}

interface DraftSource extends EventSource {
  readonly requestId: string | undefined;
}

/** An event of a provider or of the balancer: there are few of them, and they are kept as they are. */
function draftSource(draft: EventDraft): DraftSource {
  const { provider, requestId, changed } = draft;
  const models = provider?.models ?? [];
  const details = [provider, ...models].reduce((sum, each) => sum + (each?.lastError?.detail.length ?? 0), 0);
  return {
    event: () => draft,
    eventBytes: 400 + 2 * details + 150 * models.length + 8 * (changed?.length ?? 0),
    requestId,
    ...(provider === undefined ? {} : { moment: provider }),
  };
}
