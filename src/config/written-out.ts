import { type Alias, type Document, isScalar, type Node, Scalar, visit } from 'yaml';
import { Copier } from './dialects/tree.ts';
import type { Source } from './source.ts';

/**
 * A translated tree as text, with its comments. What was quoted stays so; indentation is made uniform.
 * Undefined if the tree cannot be written, as one whose aliases contain themselves.
 */
export function writtenOut(source: Source): string | undefined {
  const { document } = source;
  if (document === undefined) return '';
  settleAliases(source, document);
  keepDigits(document);
  try {
    return document.toString({ lineWidth: 0, flowCollectionPadding: false });
  } catch {
    // The library's only way of saying that an alias has no anchor before it.
    return undefined;
  }
}

/** Where something was moved, an alias may stand before its anchor, or the anchor may be gone: a copy stands in. */
function settleAliases(source: Source, document: Document): void {
  const copier = new Copier(source);
  const anchors = new Map<string, Node>();
  visit(document, {
    Alias: (_, alias: Alias) => {
      const target = source.resolve(alias);
      if (target === undefined || anchors.get(alias.source) === target) return undefined;
      return copier.copy(alias);
    },
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
}

/** `name: 0302` and very long numbers are texts to whoever wrote them: their digits stay. */
function keepDigits(document: Document): void {
  visit(document, {
    Scalar: (_, node) => {
      if (!isScalar(node) || typeof node.value !== 'number' || node.source === undefined) return;
      if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(node.source) || String(node.value) === node.source) return;
      node.value = node.source;
      node.type = Scalar.QUOTE_DOUBLE;
    },
  });
}
