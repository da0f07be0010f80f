import type { Credential } from '../domain/settings/settings.ts';
import { type Finding, WARNS } from './diagnostic.ts';
import type { ProviderEntry } from './schema.ts';

export interface ReadCredential {
  readonly credential: Credential;
  readonly finding?: Finding;
}

/** What a header can carry. */
const SENDABLE = /^[\x21-\x7e\x80-\xff]+$/;

/** How a provider's own credential goes upstream, by `auth_type` and `auth_value`. */
export function readCredential(entry: Pick<ProviderEntry, 'auth_type' | 'auth_value'>): ReadCredential {
  // A trailing line end is what files and variables bring along.
  const value = entry.auth_value?.trim() ?? '';
  if (value === 'oauth' || entry.auth_type === 'oauth') return { credential: { kind: 'oauth' } };
  if (value === 'passthrough') return { credential: { kind: 'passthrough' } };
  if (value === '') {
    return missing(
      'empty-credential',
      'it has no credential',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: users write it so.
      'Give `auth_value` a key, "${ENV_VAR}" or "passthrough", or set `enabled: false`.',
    );
  }
  if (!SENDABLE.test(value)) {
    return missing(
      'bad-credential',
      'its credential holds characters that no header can carry',
      'Copy it again; blanks or line ends may have come with it.',
    );
  }
  return { credential: { kind: entry.auth_type, value } };
}

function missing(
  code: 'empty-credential' | 'bad-credential',
  reason: string,
  suggestion: string,
): ReadCredential {
  return {
    credential: { kind: 'missing', reason },
    finding: { code, ...WARNS, message: `this provider is not used: ${reason}`, suggestion },
  };
}
