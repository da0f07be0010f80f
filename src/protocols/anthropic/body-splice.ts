import type { WalkedBody } from './body-walker.ts';
import type { ByteRange } from './top-level.ts';

/** What a forwarded body shall differ in. */
export interface BodyChanges {
  /** The upstream's name for the model. */
  readonly model?: string;
}

interface Edit extends ByteRange {
  readonly text: string;
}

/**
 * The bytes to forward: `model` replaced where it differs, a `provider` pin removed, every other byte kept.
 * Returns the same buffer when nothing changes.
 */
export function spliceBody(walked: WalkedBody, changes: BodyChanges): Buffer {
  const edits: Edit[] = [];
  if (changes.model !== undefined && changes.model !== walked.model) {
    edits.push({ ...walked.modelRange, text: JSON.stringify(changes.model) });
  }
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
