/** What the loader has to say about a file: values, never exceptions. */

/** `silent`: not said at all. `note`: worth knowing, nothing is wrong. Only an `error` stops. */
export type Severity = 'error' | 'warning' | 'note' | 'silent';

/** The two occasions on which a file is read: to serve, or to be judged. */
export type Occasion = 'start' | 'check';

/** A position in the file, both from 1; columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Diagnostic {
  /** Stable name of the rule, for tests and machines. */
  readonly code: DiagnosticCode;
  readonly start: Severity;
  readonly check: Severity;
  readonly file?: string;
  readonly place?: Place;
  /** The key's path as written in the file: `providers[0].base_url`. Empty for the whole file. */
  readonly path: string;
  /** What is wrong, in one clause. */
  readonly message: string;
  /** What stands there; never a secret. */
  readonly found?: string;
  /** What could stand there. */
  readonly expected?: string;
  /** How to mend it. */
  readonly suggestion?: string;
}

type DiagnosticCode =
  | 'no-file'
  | 'unreadable'
  | 'too-large'
  | 'encoding'
  | 'syntax'
  | 'too-deep'
  | 'several-documents'
  | 'duplicate-key'
  | 'unknown-key'
  | 'retired-key'
  | 'renamed-key'
  | 'unknown-models'
  | 'older-file'
  | 'unwritable'
  | 'old-boolean'
  | 'wrong-value'
  | 'missing-key'
  | 'unset-variable'
  | 'no-provider'
  | 'duplicate-provider'
  | 'not-served'
  | 'empty-credential'
  | 'bad-credential'
  | 'bad-url'
  | 'url-suffix'
  | 'bad-header'
  | 'unknown-provider'
  | 'disabled-provider'
  | 'anchored-pattern'
  | 'body-pattern'
  | 'known-codes'
  | 'short-timeout'
  | 'no-auth-key'
  | 'double-auth'
  | 'environment'
  | 'simulated-delay'
  | 'unused-key';

/** A diagnostic before it is known where it stands. */
export type Finding = Omit<Diagnostic, 'file' | 'place' | 'path'>;

/** Errors at both occasions: what Rule 1 of the compatibility contract calls fatal. */
export const FATAL = { start: 'error', check: 'error' } as const;
/** Serves on, with a warning; in a check it is an error. */
export const WARNS = { start: 'warning', check: 'error' } as const;
/** A warning on both occasions. */
export const HARMLESS = { start: 'warning', check: 'warning' } as const;
/** Said at a check only. */
export const CHECK_WARNING = { start: 'silent', check: 'warning' } as const;
export const CHECK_NOTE = { start: 'silent', check: 'note' } as const;
export const NOTE = { start: 'note', check: 'note' } as const;

/** Whether any of them stops on this occasion. */
export function hasErrors(diagnostics: readonly Diagnostic[], occasion: Occasion): boolean {
  return diagnostics.some((diagnostic) => diagnostic[occasion] === 'error');
}

/** By place in the file; what has none comes first, and equals stay in order. */
export function inFileOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const line = (d: Diagnostic) => d.place?.line ?? 0;
  const column = (d: Diagnostic) => d.place?.column ?? 0;
  return [...diagnostics].sort((a, b) => line(a) - line(b) || column(a) - column(b));
}
