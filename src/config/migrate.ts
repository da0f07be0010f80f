import type { Configuration } from '../domain/settings/settings.ts';
import { type Diagnostic, FATAL, hasErrors } from './diagnostic.ts';
import { type DialectName, TODAY } from './dialects/dialect.ts';
import { translate } from './dialects/translate.ts';
import { diffConfigurations } from './diff.ts';
import { type LoadResult, type ParseContext, parseConfiguration } from './parse.ts';
import { readFile } from './reader.ts';
import { FileSchema } from './schema.ts';
import { shapeOf } from './shape.ts';
import { readSource } from './source.ts';
import { writtenOut } from './written-out.ts';

export type MigrationResult =
  | {
      readonly ok: true;
      /** The file in today's form. */
      readonly text: string;
      /** The form that it had. */
      readonly dialect: DialectName;
      /** What is said about the file as it was; an error among them is still in the result. */
      readonly diagnostics: readonly Diagnostic[];
      /** Paths of what a check called a warning in the older form and calls an error in today's, in the file's order. */
      readonly nowErrors: readonly string[];
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * A file of any version → the same in today's form, comments kept where what they stand at is kept. Credentials stay
 * as they are in the file, and so do mistakes. A file of today's form is given back unchanged. Not `ok` is what is no
 * YAML, and what could not be written so that it means the same. Pure, and never throws.
 */
export function migrateConfiguration(text: string, context: ParseContext): MigrationResult {
  const before = parseConfiguration(text, context);
  const { diagnostics, dialect } = before;
  if (dialect === undefined) return { ok: false, diagnostics };
  const source = readSource(text.replace(/^\uFEFF/, ''));
  const translation = translate(source);
  const { findings } = translation;
  const { oldBooleans } = readFile(source, shapeOf(FileSchema), context.env, translation);
  for (const [scalar, meant] of oldBooleans) {
    scalar.value = meant;
    delete scalar.source;
  }
  // A tree that was cut short is not what the file says.
  const cut = findings.some(({ finding }) => finding.start === 'error');
  if (dialect === TODAY && oldBooleans.size === 0)
    return { ok: true, text, dialect, diagnostics, nowErrors: [] };
  const written = cut ? undefined : writtenOut(source);
  const after = written === undefined ? undefined : parseConfiguration(written, context);
  if (written === undefined || after === undefined || !meansTheSame(before, after)) {
    return { ok: false, diagnostics: [...diagnostics, unwritable(context)] };
  }
  return {
    ok: true,
    text: written,
    dialect,
    diagnostics,
    nowErrors: newErrors(diagnostics, after.diagnostics),
  };
}

function newErrors(before: readonly Diagnostic[], after: readonly Diagnostic[]): readonly string[] {
  const errorsOf = (diagnostics: readonly Diagnostic[]): readonly string[] =>
    diagnostics.filter(({ check }) => check === 'error').map(({ path }) => path);
  const known = new Set(errorsOf(before));
  return [...new Set(errorsOf(after).filter((path) => !known.has(path)))];
}

function meansTheSame(before: LoadResult, after: LoadResult): boolean {
  if (!before.ok || !after.ok) return before.ok === after.ok;
  return isUnchanged(before.configuration, after.configuration) && !hasErrors(after.diagnostics, 'start');
}

function isUnchanged(before: Configuration, after: Configuration): boolean {
  const { added, removed, changed, routesChanged, orderChanged, settings } = diffConfigurations(
    before,
    after,
  );
  const lists = [added, removed, changed, settings];
  return lists.every((list) => list.length === 0) && !routesChanged && !orderChanged;
}

function unwritable({ file }: ParseContext): Diagnostic {
  return {
    code: 'unwritable',
    ...FATAL,
    ...(file !== undefined && { file }),
    path: '',
    message: 'this file cannot be written in today’s form so that it means the same',
    suggestion: 'Its anchors and aliases are the likely cause: write out what they stand for.',
  };
}
