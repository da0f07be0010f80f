/** A fenced block of shell commands in a page, and what stands about it in the comment before it. */
export interface ShellBlock {
  /** Line of its fence, from 1. */
  readonly line: number;
  readonly script: string;
  readonly use: BlockUse;
}

export type BlockUse =
  /** `<!-- run -->`: is run and succeeds; `<!-- run with NAME -->`: while that server runs. */
  | { readonly kind: 'run'; readonly server?: string }
  /** `<!-- serve as NAME -->`: starts a server, which other blocks are run with. */
  | { readonly kind: 'serve'; readonly server: string }
  /** `<!-- not run: REASON -->` */
  | { readonly kind: 'exempt'; readonly reason: string }
  /** Nothing that could be understood. */
  | { readonly kind: 'unmarked' };

/** Every block of `sh` or `bash` in a Markdown page, with its mark: a comment on the line above the fence. */
export function shellBlocks(page: string): readonly ShellBlock[] {
  const lines = page.split('\n');
  const blocks: ShellBlock[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const fence = /^\s*(```+)\s*(\S*)/.exec(lines[at] ?? '');
    if (fence?.[1] === undefined) continue;
    const end = lines.findIndex((line, index) => index > at && line.trim() === fence[1]);
    if (end === -1) throw new Error(`The block at line ${at + 1} has no end.`);
    if (/^(?:sh|bash|shell|console)$/.test(fence[2] ?? '')) {
      blocks.push({
        line: at + 1,
        script: lines.slice(at + 1, end).join('\n'),
        use: useOf(lines[at - 1] ?? ''),
      });
    }
    at = end;
  }
  return blocks;
}

function useOf(line: string): BlockUse {
  const mark = /^\s*<!--\s*(.*?)\s*-->\s*$/.exec(line)?.[1] ?? '';
  const server = /^(?:run with|serve as) (\w+)$/.exec(mark)?.[1];
  if (mark === 'run') return { kind: 'run' };
  if (server !== undefined) return { kind: mark.startsWith('run') ? 'run' : 'serve', server };
  const reason = /^not run: (\S.*)$/.exec(mark)?.[1];
  return reason === undefined ? { kind: 'unmarked' } : { kind: 'exempt', reason };
}
