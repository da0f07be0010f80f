import * as v from 'valibot';
import type { Configuration } from '../domain/settings/settings.ts';
import { type Diagnostic, type Finding, hasErrors, inFileOrder, WARNS } from './diagnostic.ts';
import { type DialectName, TODAY } from './dialects/dialect.ts';
import { translate } from './dialects/translate.ts';
import { overrideListening } from './environment.ts';
import type { Environment } from './expand.ts';
import { readProviders, requireProvider, variables } from './providers.ts';
import { type Reading, readFile } from './reader.ts';
import { type Report, reporter } from './report.ts';
import { readRoutes } from './routes.ts';
import { type ConfigFile, FileSchema } from './schema.ts';
import { readSettings, reportShortTimeout } from './settings.ts';
import { shapeOf } from './shape.ts';
import { readSource } from './source.ts';
import { readTimeouts } from './timeouts.ts';

/** `ok` as at a start: diagnostics that are errors only at a check do not stop. */
export type LoadResult =
  | {
      readonly ok: true;
      readonly configuration: Configuration;
      readonly diagnostics: readonly Diagnostic[];
      /** What was read, for whoever watches for changes. */
      readonly text: string;
      /** Which version's form the file has, as people are told: `today’s form`, `balancer 0.3.0`, `aiproxy` … */
      readonly dialect: DialectName;
    }
  | {
      readonly ok: false;
      readonly diagnostics: readonly Diagnostic[];
      /** Undefined if that much could not be read. */
      readonly dialect?: DialectName;
    };

export interface ParseContext {
  /** How messages name the file, and where it was read. */
  readonly file?: string;
  readonly env: Environment;
  /** Makes a path of the file absolute. Default: as written. */
  readonly resolvePath?: (path: string) => string;
  readonly defaultStateFile?: string;
}

/** A file's text → the configuration, or everything that is wrong with it. Pure, and never throws. */
export function parseConfiguration(text: string, context: ParseContext): LoadResult {
  const source = readSource(text.replace(/^\uFEFF/, ''));
  const name = context.file === undefined ? {} : { file: context.file };
  const diagnostics: Diagnostic[] = source.findings.map(({ finding, place }) => ({
    ...finding,
    ...name,
    ...(place && { place }),
    path: '',
  }));
  // A tree with broken syntax says nothing certain about what follows the break.
  if (hasErrors(diagnostics, 'start')) return { ok: false, diagnostics: inFileOrder(diagnostics) };
  const translation = translate(source);
  const { dialect, findings } = translation;
  if (dialect !== TODAY) diagnostics.push({ ...olderFile(dialect), ...name, path: '' });
  for (const { finding, ...spot } of findings) diagnostics.push({ ...finding, ...name, ...spot });
  const reading = readFile(source, shapeOf(FileSchema), context.env, translation);
  for (const { finding, ...spot } of reading.findings) diagnostics.push({ ...finding, ...name, ...spot });
  const report = withoutRepetition(reporter(diagnostics, reading.spots, context.file), reading);
  const file = v.parse(FileSchema, reading.value ?? {});
  const configuration = assemble(file, reading, context, report);
  const told = inFileOrder(dialect === TODAY ? diagnostics : diagnostics.map(lenient));
  return hasErrors(told, 'start')
    ? { ok: false, diagnostics: told, dialect }
    : { ok: true, configuration, diagnostics: told, text, dialect };
}

/** Said at a start only: a check tells the form of every file. */
function olderFile(dialect: DialectName): Finding {
  return {
    code: 'older-file',
    start: 'note',
    check: 'silent',
    message: `read as a file of ${dialect}`,
    suggestion: '`claude-code-balancer migrate` prints it in today’s form.',
  };
}

/** Where an unfit value costs a whole provider: without these keys there is none. */
const LOST_PROVIDER = /^((?:providers|upstreams)(\[\d+\](\.name|\.base_url)?)?)?$/;
/** … and where it costs the name by which routes know it. */
const LOST_NAME = /^((?:providers|upstreams)(\[\d+\](\.name)?)?)?$/;

/**
 * Holds back what an error already told implies: of a value that only stands in, that it is odd; of a provider that
 * was lost, that none is there, and that a route may have meant it.
 */
function withoutRepetition(report: Report, { findings, standIns }: Reading): Report {
  const lost = (pattern: RegExp) =>
    findings.some(({ finding, path }) => finding.start === 'error' && pattern.test(path));
  const lostProvider = lost(LOST_PROVIDER);
  const lostName = lost(LOST_NAME);
  return (slot, finding) => {
    if (standIns.has(slot)) return;
    if (finding.code === 'no-provider' && lostProvider) return;
    if (finding.code === 'unknown-provider' && lostName) return;
    report(slot, finding);
  };
}

/** In a file of an older version a check only warns of what a start only warns of. */
function lenient(diagnostic: Diagnostic): Diagnostic {
  return diagnostic.start === 'warning' && diagnostic.check === 'error'
    ? { ...diagnostic, check: 'warning' }
    : diagnostic;
}

function assemble(file: ConfigFile, reading: Reading, context: ParseContext, report: Report): Configuration {
  const resolvePath = context.resolvePath ?? ((path) => path);
  const written = (slot: string) => reading.spots.has(slot);
  const timeouts = readTimeouts(file.settings);
  reportUnsetSettings(reading.unset, report);
  const providers = readProviders(file.providers, { report, unset: reading.unset, timeouts, resolvePath });
  reportShortTimeouts(file, report);
  requireProvider(providers, report);
  const settings = readSettings(file.settings, {
    report,
    written,
    resolvePath,
    ...(context.defaultStateFile !== undefined && { defaultStateFile: context.defaultStateFile }),
  });
  return {
    ...(context.file !== undefined && { file: context.file }),
    providers,
    routes: readRoutes(file.model_routes, providers, report),
    settings: overrideListening(settings, context.env, report),
  };
}

/** Providers tell of their own unset variables; elsewhere the key's default counts. */
function reportUnsetSettings(unset: ReadonlyMap<string, readonly string[]>, report: Report): void {
  for (const [slot, names] of unset) {
    if (slot.startsWith('providers[')) continue;
    report(slot, {
      code: 'unset-variable',
      ...WARNS,
      message: `${variables(names)} not set; this is read as absent`,
    });
  }
}

function reportShortTimeouts(file: ConfigFile, report: Report): void {
  const general = file.settings.timeouts.non_streaming.read_timeout;
  reportShortTimeout(general * 1000, 'settings.timeouts.non_streaming', report);
  for (const [index, provider] of file.providers.entries()) {
    const own = provider.timeouts.non_streaming.read_timeout;
    if (own !== undefined)
      reportShortTimeout(own * 1000, `providers[${index}].timeouts.non_streaming`, report);
  }
}
