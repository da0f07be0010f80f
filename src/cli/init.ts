import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { hasErrors } from '../config/diagnostic.ts';
import { formatDiagnostics } from '../config/format.ts';
import { parseConfiguration } from '../config/parse.ts';
import type { LineOf } from './arguments.ts';
import { type Asker, createAsker, Interrupted } from './asker.ts';
import { EXIT } from './exit-codes.ts';
import { seeHelp } from './help.ts';
import { type NewProvider, OFFICIAL, readProviderFacts } from './init-facts.ts';
import { configurationText, type NewConfiguration } from './init-file.ts';
import { askForPort, askForProviders } from './init-questions.ts';
import type { World } from './world.ts';
import { occupied, writeConfiguration } from './write-file.ts';

const DEFAULT_PORT = 9090;

/** `init`: writes a configuration, by questions or from options. 1: the file is there, and stays as it is. */
export async function init(line: LineOf<'init'>, world: World): Promise<number> {
  const { options } = line;
  const given: NewProvider[] = [];
  for (const facts of options.provider ?? []) {
    const read = readProviderFacts(facts);
    if (read.kind === 'wrong') return usage(read.message, world);
    given.push(read.value);
  }
  // The file has to say where clients find it.
  if (options.port === 0) return usage('init needs a port from 1 to 65535.', world);
  const asks = given.length === 0 && options.yes !== true;
  if (asks && !isTerminal(world)) {
    return usage('init asks its questions on a terminal; elsewhere give --provider …, or --yes.', world);
  }
  const asker = isTerminal(world) && options.yes !== true ? createAsker(world) : undefined;
  try {
    return await write(line, given, asker, world);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    world.stderr.write('\nNothing was written.\n');
    return EXIT.interrupted;
  } finally {
    asker?.close();
  }
}

async function write(
  { options }: LineOf<'init'>,
  given: readonly NewProvider[],
  asker: Asker | undefined,
  world: World,
): Promise<number> {
  const { output = 'providers.yaml', port, force } = options;
  const path = output === '-' ? undefined : resolve(world.cwd, output);
  const there = path !== undefined && force !== true && (await exists(path));
  if (there) {
    if (asker === undefined || !(await asker.agrees(`${path} is there already. Overwrite it?`))) {
      world.stderr.write(`${occupied(path)}\n`);
      return EXIT.failed;
    }
  }
  const asks = asker !== undefined && given.length === 0;
  const providers = asks ? await askForProviders(asker) : given.length === 0 ? [OFFICIAL] : given;
  const chosen = port ?? (asks ? await askForPort(asker, DEFAULT_PORT) : DEFAULT_PORT);
  const configuration = { providers, port: chosen };
  const text = configurationText(configuration);
  const mistakes = mistakesIn(text, configuration);
  if (mistakes !== undefined) {
    world.stderr.write(`${mistakes}\nNothing was written.\n`);
    return EXIT.failed;
  }
  if (path === undefined) {
    world.stdout.write(text);
    return EXIT.ok;
  }
  // Whoever said yes, or --force, has seen that the file is there.
  const mistake = await writeConfiguration(path, text, force === true || there);
  if (mistake !== undefined) {
    world.stderr.write(`${mistake}\n`);
    return EXIT.failed;
  }
  world.stdout.write(whatNow(path, output, configuration, world));
  return EXIT.ok;
}

/** What a check would refuse, once the variables are set; undefined if nothing. */
function mistakesIn(text: string, { providers }: NewConfiguration): string | undefined {
  const set = variablesOf(providers).map((name) => [name, 'a-key-that-will-be-set']);
  const result = parseConfiguration(text, { env: Object.fromEntries(set) });
  if (!hasErrors(result.diagnostics, 'check')) return undefined;
  return formatDiagnostics(result.diagnostics, { occasion: 'check' });
}

function whatNow(path: string, output: string, { providers }: NewConfiguration, world: World): string {
  const unset = variablesOf(providers).filter((name) => !world.env[name]);
  const flag = output === 'providers.yaml' ? '' : ` --config ${output}`;
  return [
    `\nWritten: ${path}`,
    ...(unset.length === 0
      ? []
      : ['', 'Set before the start:', ...unset.map((name) => `  export ${name}=…`)]),
    '',
    'Then:',
    `  claude-code-balancer run${flag} -- claude`,
    'It brings a balancer along. For one that stays, which run then uses:',
    `  claude-code-balancer start${flag}`,
    '',
  ].join('\n');
}

function variablesOf(providers: readonly NewProvider[]): readonly string[] {
  const names = providers.flatMap(({ credential }) =>
    credential?.kind === 'variable' ? [credential.name] : [],
  );
  return [...new Set(names)];
}

function isTerminal({ stdin, stdout }: World): boolean {
  return stdin.isTTY === true && stdout.isTTY === true;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function usage(message: string, { stderr }: World): number {
  stderr.write(`${message}\n${seeHelp('init')}\n`);
  return EXIT.usage;
}
