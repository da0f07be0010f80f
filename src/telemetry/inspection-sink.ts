import type { AttemptTrace, DecisionTrace } from '../domain/decision/trace.ts';
import type { RequestPlanRecord } from '../domain/inspection/inspection.ts';
import type { Redactor } from '../domain/secrets/secrets.ts';
import type { EventDraft } from './event-ring.ts';
import type { Step } from './transition-table.ts';

/** How the engine tells the inspector what happens. Nothing here throws, and nothing is called once a chunk. */
export interface InspectionSink {
  /** A provider's chart has moved, visibly. */
  provider(draft: EventDraft): void;
  /** The balancer's own chart has moved, or taken a new configuration. */
  balancer(draft: EventDraft): void;
  /** A request's chart has moved. `changed`: a bit for each of `REQUEST_KEYS`. */
  request(
    progress: RequestProgress,
    kind: Step['kind'],
    from: string,
    event: string,
    to: string,
    changed: number,
  ): void;
  /** A request begins that providers will be asked for; undefined: it is not followed. */
  watch(id: string, start: WatchStart): RequestWatch | undefined;
}

/** What a request has decided and tried so far, by reference. */
export interface RequestProgress {
  readonly id: string;
  readonly decisions: readonly DecisionTrace[];
  readonly attempts: readonly AttemptTrace[];
}

export interface WatchStart {
  /** Of the client, flat, as received. */
  readonly headers: readonly string[];
  /** Of the client, as it came. Copied where it is kept. */
  readonly body: Buffer;
  /** Strikes out what was secret when it began. */
  readonly redactor: Redactor;
  /** The rules that it is decided by. Not its chart's input: that would keep its configuration as long as the record. */
  readonly plan: Omit<RequestPlanRecord, 'hosts'>;
  /** By provider, of all of them. */
  readonly hosts: ReadonlyMap<string, string>;
}

/** What an exchange tells of its attempts (1, 2, …): by reference, to be made fit for showing when somebody looks. */
export interface RequestWatch {
  /** It is about to be sent: address and headers, flat. */
  asked(attempt: number, url: string, headers: readonly string[]): void;
  /** The connection is there and the request written; or the status line has come. */
  reached(attempt: number, milestone: 'sent' | 'head'): void;
  /** Status and headers of what it answered; the body only of a failure. */
  answered(attempt: number, status: number, headers: readonly string[], body?: Buffer): void;
  /** Bytes of the answer that go out are to be handed to `capture`. */
  readonly captures: boolean;
  capture(bytes: Buffer): void;
}
