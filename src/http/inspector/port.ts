import type { InspectionView } from '../../domain/inspection/inspection.ts';
import type { Sessions } from './sessions.ts';

/** What the inspector's routes ask. Declared here because HTTP knows nothing of telemetry. */
export interface InspectorPort extends InspectionView {
  /** Differs with each start of the balancer: numbers of events mean nothing beyond it. */
  readonly run: string;
  /** Who has signed in to it. */
  readonly sessions: Sessions;
  /** Each message of `@statelyai/inspect`'s protocol; the function it gives ends that. */
  follow(listener: (message: string) => void): () => void;
  /** A file of the built page; undefined: there is none of this name. */
  file(name: string): Promise<InspectorFile | undefined>;
  /** Calls once when the balancer ends: feeds end with it. The function it gives ends that, and a reader that leaves calls it. */
  onClosing(listener: () => void): () => void;
}

export interface InspectorFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
}
