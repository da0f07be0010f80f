import type { CompatSettings } from '../../domain/settings/compat-settings.ts';
import type { Compat } from './compat.ts';
import { compatFor } from './compat-hosts.ts';

/** What a provider takes for this model: what its host is known for, and over it what the configuration says. */
export function compatOf(host: string, model: string, settings: CompatSettings = {}): Compat {
  const known = compatFor(host, model);
  const { reasoning, contextWindow: _window, extraBody, dropFields, ...rest } = settings;
  return {
    ...known,
    ...rest,
    ...reasoningOf(reasoning, known),
    extraBody: { ...known.extraBody, ...extraBody },
    dropFields: [...known.dropFields, ...(dropFields ?? [])],
  };
}

function reasoningOf(reasoning: CompatSettings['reasoning'], known: Compat): Partial<Compat> {
  switch (reasoning) {
    case undefined:
      return {};
    case 'none':
      return { reasoning: 'none', reasoningBack: 'none', reasoningBackRequired: false, thinkTags: 'no' };
    case 'effort':
      return { reasoning: 'effort' };
    case 'reasoning_content':
      return { reasoningBack: 'reasoning_content' };
    case 'openrouter':
      return { reasoning: 'openrouter', reasoningBack: 'reasoning_details' };
    case 'think_tags':
      return { thinkTags: known.thinkTags === 'no' ? 'yes' : known.thinkTags };
  }
}
