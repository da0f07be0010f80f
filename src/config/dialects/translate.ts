import { isScalar, type Pair, visit, type YAMLMap } from 'yaml';
import type { Source } from '../source.ts';
import { detectAiproxy, translateAiproxy } from './aiproxy.ts';
import { translateBalancer } from './balancer.ts';
import { detectBalancer } from './balancer-detect.ts';
import { TODAY, type Translation } from './dialect.ts';
import { rootMap, TreeEdits } from './edits.ts';

/**
 * Brings a file's tree into today's form, whatever version it was written for: the tree of `source` itself is changed.
 * Never throws. A file of today's form stays as it is.
 */
export function translate(source: Source): Translation {
  const edits = new TreeEdits(source);
  const root = rootMap(source);
  if (root === undefined) return { dialect: TODAY, findings: [], writtenPaths: edits.writtenPaths };
  const [first] = root.items;
  const aiproxy = detectAiproxy(edits, root);
  const dialect = aiproxy ?? detectBalancer(edits, root);
  if (aiproxy !== undefined) translateAiproxy(edits, root);
  // Keys of the balancer count in a file of aiproxy too, as far as somebody has begun to move it over.
  const balancer = aiproxy === undefined ? dialect : detectBalancer(edits, root);
  if (balancer !== TODAY) translateBalancer(edits, root, dialect);
  keepHeading(source, root, first);
  edits.finish();
  return { dialect, findings: edits.findings, writtenPaths: edits.writtenPaths };
}

/** The comment at the top of a file belongs to its first key for YAML, but not for people: it stays at the top. */
function keepHeading({ document }: Source, root: YAMLMap, first: Pair | undefined): void {
  const heading = isScalar(first?.key) ? first.key.commentBefore : undefined;
  if (first === undefined || document === undefined || !heading || root.items[0] === first) return;
  document.commentBefore = [document.commentBefore, heading].filter(Boolean).join('\n');
  visit(root, {
    Scalar: (_, node) => {
      if (node.commentBefore === heading) node.commentBefore = null;
    },
  });
  const top = root.items[0]?.key;
  if (isScalar(top)) delete top.spaceBefore;
}
