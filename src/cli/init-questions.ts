import type { Asker } from './asker.ts';
import {
  type Auth,
  isVariable,
  type NewProvider,
  OFFICIAL,
  OFFICIAL_URL,
  type Read,
  readUrl,
  variableFor,
} from './init-facts.ts';

const AUTHS: readonly Auth[] = ['api_key', 'auth_token', 'passthrough'];

/** Asks for providers, the first to be asked first; at least one. */
export async function askForProviders(asker: Asker): Promise<readonly NewProvider[]> {
  asker.say(
    'Which providers should answer? The first one is asked first; an empty answer takes what stands in [].',
  );
  const providers: NewProvider[] = [];
  do {
    asker.say(`\nProvider ${providers.length + 1}`);
    providers.push(await askForProvider(asker, providers));
  } while (await asker.agrees('\nAnother provider?'));
  return providers;
}

async function askForProvider(asker: Asker, before: readonly NewProvider[]): Promise<NewProvider> {
  const first = before.length === 0;
  const name = await asker.until('  Its name', first ? OFFICIAL.name : '', (answer) =>
    readName(answer, before),
  );
  const url = await asker.until('  Its address', first ? OFFICIAL_URL : '', (answer) =>
    readUrl(answer, 'anthropic'),
  );
  asker.say('  How does it take its key?');
  asker.say('    1  as x-api-key (an API key)');
  asker.say('    2  as Authorization: Bearer (a token)');
  asker.say('    3  the credentials that Claude Code itself is signed in with');
  const auth = await asker.until('  1, 2 or 3', '1', readAuth);
  const provider = { name, type: 'anthropic' as const, url, auth };
  if (auth === 'passthrough') return provider;
  return { ...provider, credential: await askForKey(asker, variableFor(name, auth)) };
}

async function askForKey(asker: Asker, suggestion: string): Promise<NonNullable<NewProvider['credential']>> {
  for (;;) {
    const answer = await asker.ask('  The environment variable that holds its key', suggestion);
    if (isVariable(answer)) return { kind: 'variable', name: answer };
    asker.say('  That is no name of a variable. Is it the key itself?');
    const keep = await asker.agrees(
      '  Write it into the file, where everybody who can read the file sees it?',
    );
    if (keep) return { kind: 'key', value: answer };
  }
}

function readName(answer: string, before: readonly NewProvider[]): Read<string> {
  if (answer === '') return { kind: 'wrong', message: 'It needs a name.' };
  if (before.some(({ name }) => name === answer)) {
    return { kind: 'wrong', message: 'That name is taken.' };
  }
  return { kind: 'read', value: answer };
}

function readAuth(answer: string): Read<Auth> {
  const auth = AUTHS[Number(answer) - 1] ?? AUTHS.find((each) => each === answer);
  return auth === undefined ? { kind: 'wrong', message: 'Answer 1, 2 or 3.' } : { kind: 'read', value: auth };
}

/** Asks for the port, until it is one. */
export function askForPort(asker: Asker, otherwise: number): Promise<number> {
  return asker.until('\nThe port to listen at', String(otherwise), (answer) =>
    /^\d{1,5}$/.test(answer) && Number(answer) >= 1 && Number(answer) <= 65_535
      ? { kind: 'read', value: Number(answer) }
      : { kind: 'wrong', message: 'A number from 1 to 65535.' },
  );
}
