import type { WalkedBody } from './body-walker.ts';
import type { ByteRange } from './top-level.ts';

/** What a forwarded body shall differ in. */
export interface BodyChanges {
  /** The upstream's name for the model. */
  readonly model?: string;
  /** Whether a stream is asked for. */
  readonly stream?: boolean;
}

interface Edit extends ByteRange {
  readonly text: string;
}

/**
 * The bytes to forward: `model` and `stream` replaced where they differ, a `provider` pin removed, every other byte kept.
 * Returns the same buffer when nothing changes.
 */
export function spliceBody(walked: WalkedBody, changes: BodyChanges): Buffer {
  const edits: Edit[] = [];
  if (changes.model !== undefined && changes.model !== walked.model) {
    edits.push({ ...walked.modelRange, text: JSON.stringify(changes.model) });
  }
  if (changes.stream !== undefined && changes.stream !== walked.stream)
    edits.push(streamEdit(walked, changes.stream));
  if (walked.providerRange !== undefined) edits.push({ ...walked.providerRange, text: '' });
  if (edits.length === 0) return walked.bytes;
  edits.sort((a, b) => a.start - b.start);

  const parts: Buffer[] = [];
  let at = 0;
  for (const edit of edits) {
    parts.push(walked.bytes.subarray(at, edit.start), Buffer.from(edit.text));
    at = edit.end;
  }
  parts.push(walked.bytes.subarray(at));
  return Buffer.concat(parts);
}

/** A body without the key gets it right behind the model. */
function streamEdit({ streamRange, modelRange }: WalkedBody, stream: boolean): Edit {
  if (streamRange !== undefined) return { ...streamRange, text: String(stream) };
  return { start: modelRange.end, end: modelRange.end, text: `,"stream":${stream}` };
}
