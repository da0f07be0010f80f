import { beginsAt } from '../../domain/begins-at.ts';

const PREFIX = Buffer.from('event: content_block_delta\ndata: {');
const LF = 0x0a;
const CR = 0x0d;
const CLOSE_BRACE = 0x7d;

/**
 * How many events a chunk holds if it is nothing but whole `content_block_delta`s, each in two lines as Anthropic writes
 * them; 0 if it is anything else, or looks otherwise. Meant for a chunk that begins at a boundary. Almost every chunk of
 * an answer is such a one: this look at it makes no object and costs a tenth of reading it (docs/performance.md).
 */
export function plainDeltas(chunk: Buffer): number {
  if (chunk.includes(CR)) return 0;
  let count = 0;
  let at = 0;
  while (at < chunk.length) {
    if (!beginsAt(chunk, at, PREFIX)) return 0;
    const end = chunk.indexOf(LF, at + PREFIX.length);
    if (end === -1 || chunk[end - 1] !== CLOSE_BRACE || chunk[end + 1] !== LF) return 0;
    count += 1;
    at = end + 2;
  }
  return count;
}
