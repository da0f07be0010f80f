import { readBaseUrl } from '../config/addresses.ts';
import { nearest } from '../config/suggest.ts';

/** How a new provider's credential is sent. */
export type Auth = 'api_key' | 'auth_token' | 'passthrough';

/** A provider to be written into a new configuration. */
export interface NewProvider {
  readonly name: string;
  readonly type: 'anthropic' | 'openai';
  readonly url: string;
  readonly auth: Auth;
  /** The variable that holds its key, or the key itself; neither for `passthrough`. */
  readonly credential?:
    | { readonly kind: 'variable'; readonly name: string }
    | { readonly kind: 'key'; readonly value: string };
}

/** What a fact of `--provider`, or an answer to a question, was read as. */
export type Read<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  | { readonly kind: 'wrong'; readonly message: string };

export const OFFICIAL_URL = 'https://api.anthropic.com';

/** What `init --yes` writes when nothing else is said. */
export const OFFICIAL: NewProvider = {
  name: 'Anthropic',
  type: 'anthropic',
  url: OFFICIAL_URL,
  auth: 'api_key',
  credential: { kind: 'variable', name: 'ANTHROPIC_API_KEY' },
};

const FACTS = ['name', 'url', 'key-env', 'key', 'auth', 'type'] as const;
const AUTHS: readonly Auth[] = ['api_key', 'auth_token', 'passthrough'];
const TYPES = ['anthropic', 'openai'] as const;

/** Reads `name=…,url=…,key-env=…`. A comma that no `word=` follows belongs to the value. */
export function readProviderFacts(text: string): Read<NewProvider> {
  const facts = new Map<string, string>();
  for (const part of text.split(/,(?=[a-z-]+=)/)) {
    const at = part.indexOf('=');
    const key = part.slice(0, Math.max(0, at)).trim();
    if (!FACTS.some((fact) => fact === key)) return wrong(unknownFact(part, key));
    facts.set(key, part.slice(at + 1).trim());
  }
  const name = facts.get('name') ?? '';
  if (name === '') return wrong('--provider needs a name: name=…,url=…,key-env=…');
  const auth = AUTHS.find((each) => each === (facts.get('auth') ?? 'api_key'));
  if (auth === undefined) {
    return wrong(`auth of --provider is one of ${AUTHS.join(', ')}, not "${facts.get('auth')}".`);
  }
  const type = TYPES.find((each) => each === (facts.get('type') ?? 'anthropic'));
  if (type === undefined) {
    return wrong(`type of --provider is one of ${TYPES.join(', ')}, not "${facts.get('type')}".`);
  }
  const url = readUrl(facts.get('url') ?? OFFICIAL_URL, type);
  if (url.kind === 'wrong') return wrong(`url of --provider: ${url.message}`);
  const provider = { name, type, url: url.value, auth };
  if (auth === 'passthrough') return { kind: 'read', value: provider };
  const key = facts.get('key');
  if (key !== undefined && key !== '') {
    return { kind: 'read', value: { ...provider, credential: { kind: 'key', value: key } } };
  }
  const variable = facts.get('key-env') ?? variableFor(name, auth);
  if (!isVariable(variable)) {
    return wrong('key-env of --provider takes the name of an environment variable, not a key.');
  }
  return { kind: 'read', value: { ...provider, credential: { kind: 'variable', name: variable } } };
}

/** An address as the configuration wants it: complete, without `/v1`. */
export function readUrl(text: string, type: NewProvider['type']): Read<string> {
  const written = text.trim();
  const complete = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `https://${written}`;
  const address = readBaseUrl(complete, type);
  if (address.kind === 'address') return { kind: 'read', value: address.url };
  return wrong([address.reason, address.suggestion].filter((part) => part !== undefined).join('. '));
}

/** `My Reseller` → `MY_RESELLER_TOKEN`; for a name without a Latin letter, a variable that fits any. */
export function variableFor(name: string, auth: Auth): string {
  const word = name
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '');
  const kind = auth === 'auth_token' ? 'TOKEN' : 'API_KEY';
  return word === '' ? `PROVIDER_${kind}` : `${word}_${kind}`;
}

export function isVariable(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

function unknownFact(part: string, key: string): string {
  // What has no `=` may be a key that was meant for another place: it is not repeated.
  if (key === '') return `--provider takes facts as name=…,url=…,key-env=…; one of them has no "=".`;
  const near = nearest(key, FACTS);
  const suggestion = near === undefined ? `; it knows ${FACTS.join(', ')}` : `. Did you mean ${near}?`;
  return `--provider does not know "${part.slice(0, key.length)}"${suggestion}`;
}

function wrong<Value>(message: string): Read<Value> {
  return { kind: 'wrong', message };
}
