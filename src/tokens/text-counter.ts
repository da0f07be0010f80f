import { mergedLength } from './byte-pairs.ts';
import type { Vocabulary } from './vocabulary.ts';

/** How many tokens a text has. Never throws; words that a vocabulary keeps for itself (`<|endoftext|>`) are plain text. */
export type CountText = (text: string) => number;

/** The pattern keeps a stack as long as the longest piece, and V8's has an end (7 million ideographs in a row). Characters. */
const LONGEST_SLICE = 65_536;
/** Longer pieces are merged in parts of so many bytes: the time grows with the square (docs/tokens.md). */
const LONGEST_MERGE = 128;
/** Pieces remembered; the same few words fill most texts. */
const REMEMBERED = 20_000;
/** No character beyond ASCII. */
const ASCII = /^[\0-\x7f]*$/;

/** Makes a counter of a vocabulary's tokens. */
export function createTextCounter({ pattern, ranks }: Vocabulary): CountText {
  const expression = new RegExp(pattern, 'gu');
  const remembered = new Map<string, number>();

  const countMerged = (bytes: string): number => {
    const known = remembered.get(bytes);
    if (known !== undefined) return known;
    const tokens = mergedLength(bytes, ranks);
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(bytes, tokens);
    return tokens;
  };

  const countPiece = (piece: string): number => {
    const bytes = ASCII.test(piece) ? piece : Buffer.from(piece).toString('latin1');
    if (ranks.has(bytes)) return 1;
    let tokens = 0;
    for (let at = 0; at < bytes.length; ) {
      const end = partEnd(bytes, at);
      tokens += countMerged(bytes.slice(at, end));
      at = end;
    }
    return tokens;
  };

  return (text) => {
    let tokens = 0;
    for (let at = 0; at < text.length; ) {
      const slice = sliceAt(text, at);
      const isLast = at + slice.length === text.length;
      let next = at + slice.length;
      expression.lastIndex = 0;
      for (let match = expression.exec(slice); match !== null; match = expression.exec(slice)) {
        // The next slice may continue the last piece of this one.
        if (!isLast && match.index > 0 && expression.lastIndex === slice.length) {
          next = at + match.index;
          break;
        }
        tokens += countPiece(match[0]);
      }
      at = next;
    }
    return tokens;
  };
}

/** Where a part of a long piece ends: before a byte that begins a character. */
function partEnd(bytes: string, at: number): number {
  let end = at + LONGEST_MERGE;
  while ((bytes.charCodeAt(end) & 0xc0) === 0x80) end -= 1;
  return end;
}

/** The next part of a text; no character is cut in two. */
function sliceAt(text: string, at: number): string {
  const end = at + LONGEST_SLICE;
  const last = text.charCodeAt(end - 1);
  return text.slice(at, last >= 0xd800 && last < 0xdc00 ? end - 1 : end);
}
