import type { RequestPage, RequestQuery } from '../domain/inspection/inspection.ts';
import type { RequestEnded, RequestFacts } from './events.ts';
import { type RecordPorts, RequestRecord, recordSize } from './request-record.ts';

export interface RecordLimits {
  readonly maxRequests: number;
  /** Of all records of ended requests together, as estimated. */
  readonly maxBytes: number;
}

/** Requests in flight and the last that have ended. */
export interface RequestRecords {
  begin(facts: RequestFacts, at: number): RequestRecord;
  get(id: string): RequestRecord | undefined;
  end(record: RequestRecord, ended: RequestEnded): void;
  /** Those that fit, newest first. */
  page(query: RequestQuery): RequestPage;
  readonly size: number;
}

export function createRequestRecords(limits: RecordLimits, ports: RecordPorts): RequestRecords {
  const { maxRequests, maxBytes } = limits;
  /** In order of arrival. */
  const records = new Map<string, RequestRecord>();
  let number = 0;
  let bytes = 0;

  const forgetOldest = (): void => {
    for (const [id, record] of records) {
      if (records.size <= maxRequests && bytes <= maxBytes) return;
      // Whoever still runs would be looked for in vain at its end.
      if (record.ended === undefined) continue;
      records.delete(id);
      bytes -= record.size;
      record.shed();
    }
  };

  return {
    begin(facts, at) {
      number += 1;
      const record = new RequestRecord(number, facts, at, ports);
      records.set(facts.id, record);
      return record;
    },
    get: (id) => records.get(id),
    end(record, ended) {
      record.ended = ended;
      // One that failed by a bug of ours ends without a trace: what was seen of it stays.
      if (ended.trace.decisions.length > 0) record.decisions = ended.trace.decisions;
      if (ended.trace.attempts.length > 0) record.attempts = ended.trace.attempts;
      record.size = recordSize(record);
      bytes += record.size;
      if (records.size > maxRequests || bytes > maxBytes) forgetOldest();
    },
    page(query) {
      const before = query.before ?? Number.POSITIVE_INFINITY;
      const fitting = [...records.values()].reverse().filter((record) => fits(record, query));
      const rest = fitting.filter(({ number: each }) => each < before);
      const shown = rest.slice(0, query.limit);
      const last = shown.at(-1);
      return {
        requests: shown.map((record) => record.summary()),
        total: fitting.length,
        ...(last !== undefined && rest.length > shown.length ? { next: last.number } : {}),
      };
    },
    get size() {
      return records.size;
    },
  };
}

function fits(record: RequestRecord, { session, provider, result, model, text }: RequestQuery): boolean {
  const { facts, ended, attempts } = record;
  if (session !== undefined && facts.session !== session) return false;
  if (result !== undefined && (ended?.result ?? 'running') !== result) return false;
  if (model !== undefined && facts.model !== model && ended?.model !== model) return false;
  const providers = attempts.map(({ candidate }) => candidate.provider);
  if (provider !== undefined && ended?.provider !== provider && !providers.includes(provider)) return false;
  if (text === undefined || text === '') return true;
  const searched = [facts.id, facts.model, facts.session, ended?.provider, ended?.error, ...providers];
  const needle = text.toLowerCase();
  return searched.some((each) => each?.toLowerCase().includes(needle) === true);
}
