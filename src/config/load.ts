import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type Diagnostic, FATAL, type Finding, NOTE } from './diagnostic.ts';
import type { Environment } from './expand.ts';
import { type MigrationResult, migrateConfiguration } from './migrate.ts';
import { type LoadResult, type ParseContext, parseConfiguration } from './parse.ts';

export interface LoadOptions {
  /** `--config`; relative to `cwd`. Without it the usual places are searched. */
  readonly path?: string;
  readonly cwd: string;
  readonly env: Environment;
  /** The user's home folder. */
  readonly home: string;
}

/** A configuration of a thousand providers is a tenth of this. */
const MAX_FILE_BYTES = 1024 * 1024;

const FOLDER = 'claude-code-balancer';

/** What serves without any file: Anthropic's own API with the client's credentials. */
const BUILT_IN = `
providers:
  - name: anthropic
    base_url: https://api.anthropic.com
    auth_value: passthrough
`;

/**
 * Reads the configuration: the file at `path`, else the first of `./providers.yaml`, `./config.yaml` and
 * `$XDG_CONFIG_HOME/claude-code-balancer/providers.yaml`, else the built-in default. A file that is there but cannot be
 * read or used is an error, never skipped for the next. Everything wrong is in `diagnostics`; this does not throw.
 */
export async function loadConfiguration(options: LoadOptions): Promise<LoadResult> {
  const found = await findText(options);
  if (found === undefined) return builtIn(options);
  return found.kind === 'text' ? parseConfiguration(found.text, found.context) : found.result;
}

/** The file that `loadConfiguration` would read, in today's form. */
export async function migrateFile(options: LoadOptions): Promise<MigrationResult> {
  const found = await findText(options);
  if (found === undefined) {
    const finding = unreadable('there is none in the usual places');
    return { ok: false, diagnostics: [{ ...finding, path: '' }] };
  }
  return found.kind === 'text' ? migrateConfiguration(found.text, found.context) : found.result;
}

type Found =
  | { readonly kind: 'text'; readonly text: string; readonly context: ParseContext }
  | { readonly kind: 'failed'; readonly result: { readonly ok: false; readonly diagnostics: Diagnostic[] } };

/** The text of the configuration; undefined if there is no file. */
async function findText(options: LoadOptions): Promise<Found | undefined> {
  const named = options.path === undefined ? undefined : resolve(options.cwd, options.path);
  for (const file of named === undefined ? configurationPlaces(options) : [named]) {
    const content = await readText(file);
    if (content.kind === 'absent' && named === undefined) continue;
    if (content.kind === 'text') {
      return { kind: 'text', text: content.text, context: contextFor(options, file) };
    }
    const finding = content.kind === 'absent' ? unreadable('there is no such file') : content.finding;
    return { kind: 'failed', result: { ok: false, diagnostics: [{ ...finding, file, path: '' }] } };
  }
  return undefined;
}

/** Where a configuration is looked for without `--config`, in order. */
function configurationPlaces({ cwd, env, home }: LoadOptions): string[] {
  return [
    join(cwd, 'providers.yaml'),
    join(cwd, 'config.yaml'),
    join(baseFolder(env.XDG_CONFIG_HOME, home, '.config'), FOLDER, 'providers.yaml'),
  ];
}

/** XDG base directories: a relative path in the variable is to be ignored. */
function baseFolder(variable: string | undefined, home: string, fallback: string): string {
  return variable !== undefined && isAbsolute(variable) ? variable : join(home, fallback);
}

function contextFor(options: LoadOptions, file: string | undefined): ParseContext {
  const folder = file === undefined ? options.cwd : dirname(file);
  return {
    ...(file !== undefined && { file }),
    env: options.env,
    resolvePath: (path) =>
      resolve(
        folder,
        path.replace(/^~(?=$|[\\/])/, () => options.home),
      ),
    defaultStateFile: join(
      baseFolder(options.env.XDG_STATE_HOME, options.home, join('.local', 'state')),
      FOLDER,
      'health.json',
    ),
  };
}

function builtIn(options: LoadOptions): LoadResult {
  const result = parseConfiguration(BUILT_IN, contextFor(options, undefined));
  const note: Diagnostic = {
    code: 'no-file',
    ...NOTE,
    path: '',
    message:
      'no configuration file: requests go to https://api.anthropic.com with the client’s own credentials',
    suggestion: 'To add providers: claude-code-balancer init',
  };
  // The built-in text has lines of its own, which nobody can open.
  const diagnostics = [note, ...result.diagnostics.map(({ place: _, ...diagnostic }) => diagnostic)];
  return { ...result, diagnostics };
}

type Content =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly finding: Finding };

async function readText(file: string): Promise<Content> {
  try {
    const facts = await stat(file);
    if (facts.isDirectory()) return { kind: 'failed', finding: unreadable('this is a folder') };
    if (facts.size > MAX_FILE_BYTES) return { kind: 'failed', finding: tooLarge() };
    const bytes = await readFile(file);
    return bytes.length > MAX_FILE_BYTES ? { kind: 'failed', finding: tooLarge() } : decode(bytes);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
    return { kind: 'failed', finding: unreadable(code === 'EACCES' ? 'no permission to read it' : code) };
  }
}

/** UTF-8, or UTF-16 with its mark, as some editors of Windows write it. */
function decode(bytes: Buffer): Content {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    return {
      kind: 'text',
      text: new TextDecoder(utf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes),
    };
  } catch {
    const finding: Finding = {
      code: 'encoding',
      ...FATAL,
      message: 'this is not UTF-8 text',
      suggestion: 'Save it as UTF-8.',
    };
    return { kind: 'failed', finding };
  }
}

function unreadable(reason: string): Finding {
  return { code: 'unreadable', ...FATAL, message: `the configuration cannot be read: ${reason}` };
}

function tooLarge(): Finding {
  return { code: 'too-large', ...FATAL, message: `larger than ${MAX_FILE_BYTES / 1024} KB` };
}
