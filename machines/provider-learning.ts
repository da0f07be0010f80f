import { knownParts, type LearnedParts, withLearned } from '../src/domain/learning/learned-parts.ts';
import type { PartsLearned, ProviderContext, ProviderLearned } from './provider-events.ts';

/** What a provider knows of itself after it took a request without some parts, and what is told of it; undefined: nothing new. */
export function learning(
  { id, learned, revision }: ProviderContext,
  { model, parts, requestId, at, revision: former }: PartsLearned,
): { readonly learned: LearnedParts; readonly told: ProviderLearned } | undefined {
  // Learned at an address that is no longer its own.
  if (former !== revision) return undefined;
  const after = withLearned(learned, model, parts, at);
  if (after === learned) return undefined;
  const before = knownParts(learned, model, at);
  const added = (after.get(model) ?? []).filter((part) => !before.includes(part));
  return {
    learned: after,
    told: { type: 'provider.learned', provider: id, model, parts: added, requestId },
  };
}
