/** A vocabulary as js-tiktoken ships it. */
export interface RawVocabulary {
  readonly pat_str: string;
  /** Lines of `name offset token token …`, each token in base64; their ranks count up from the offset. */
  readonly bpe_ranks: string;
}

/** A vocabulary made ready for counting. */
export interface Vocabulary {
  /** What cuts a text into pieces; no token reaches over the edge of one. */
  readonly pattern: string;
  /** The rank of each token by its bytes, a character a byte. */
  readonly ranks: ReadonlyMap<string, number>;
}

/**
 * Reads a vocabulary. js-tiktoken's own encoder keeps two maps under names of the form `1,2,3`: more than twice
 * the memory of this one, 38 MB (docs/tokens.md).
 */
export function readVocabulary({ pat_str: pattern, bpe_ranks: lines }: RawVocabulary): Vocabulary {
  const ranks = new Map<string, number>();
  for (const line of lines.split('\n')) {
    const [, offset, ...tokens] = line.split(' ');
    let rank = Number(offset);
    for (const token of tokens) {
      ranks.set(Buffer.from(token, 'base64').toString('latin1'), rank);
      rank += 1;
    }
  }
  return { pattern, ranks };
}
