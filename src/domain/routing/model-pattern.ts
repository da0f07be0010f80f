/** Answers for a model name that is already in lower case. */
export type PatternMatch = (lowerCaseModel: string) => boolean;

/** Whether a route's key is a pattern; else it is one model's exact name. */
export function isPattern(key: string): boolean {
  return key.includes('*');
}

/**
 * Compiles a model pattern. `*` stands for any text, also none; everything else is literal, whatever its case. The
 * whole name must match: a pattern is open at an end only where a `*` stands there.
 *
 * Pieces are searched from left to right, each once, so that no pattern and no client's name can make it slow as a
 * backtracking expression would.
 */
export function compilePattern(pattern: string): PatternMatch {
  const pieces = pattern.toLowerCase().split('*');
  const head = pieces[0] ?? '';
  if (pieces.length === 1) return (model) => model === head;
  const tail = pieces.at(-1) ?? '';
  const inner = pieces.slice(1, -1).filter((piece) => piece !== '');
  return (model) => {
    const end = model.length - tail.length;
    if (end < head.length || !model.startsWith(head) || !model.endsWith(tail)) return false;
    let from = head.length;
    for (const piece of inner) {
      const at = model.indexOf(piece, from);
      if (at === -1 || at + piece.length > end) return false;
      from = at + piece.length;
    }
    return true;
  };
}
