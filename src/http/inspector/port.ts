import type {
  InspectorEvent,
  MinuteStatistics,
  ProviderMoment,
  ProviderTotals,
  RequestDetail,
  RequestPage,
  RequestQuery,
} from '../../domain/inspection.ts';

/** What the inspector's routes ask. Declared here because HTTP knows nothing of telemetry. */
export interface InspectorPort {
  /** Differs with each start of the balancer: numbers of events mean nothing beyond it. */
  readonly run: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  after(seq: number, limit?: number): readonly InspectorEvent[];
  base(): readonly ProviderMoment[];
  /** Calls after each event; the function it gives ends that. */
  subscribe(listener: () => void): () => void;
  page(query: RequestQuery): RequestPage;
  detail(id: string): RequestDetail | undefined;
  minutes(): readonly MinuteStatistics[];
  totals(): readonly ProviderTotals[];
  /** Each message of `@statelyai/inspect`'s protocol; the function it gives ends that. */
  follow(listener: (message: string) => void): () => void;
  /** A file of the built page; undefined: there is none of this name. */
  file(name: string): Promise<InspectorFile | undefined>;
  /** Resolves when the balancer ends: feeds end with it. */
  readonly closing: Promise<void>;
}

export interface InspectorFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
}
