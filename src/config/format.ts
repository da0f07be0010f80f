import type { Diagnostic, Occasion, Severity } from './diagnostic.ts';

export interface FormatOptions {
  readonly color?: boolean;
  /** Decides which severity is shown, and leaves out what is silent then. Default `start`. */
  readonly occasion?: Occasion;
}

const COLOURS: Readonly<Record<Exclude<Severity, 'silent'>, number>> = { error: 31, warning: 33, note: 36 };

/** Diagnostics for people, one or two lines each, `file:line:column` first so that editors can jump there. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], options: FormatOptions = {}): string {
  const occasion = options.occasion ?? 'start';
  const lines: string[] = [];
  for (const diagnostic of diagnostics) {
    const severity = diagnostic[occasion];
    if (severity === 'silent') continue;
    const head = [position(diagnostic), paint(severity, options.color === true), diagnostic.path];
    lines.push(`${head.filter((part) => part !== '').join(': ')}: ${describeDiagnostic(diagnostic)}`);
    if (diagnostic.suggestion !== undefined) lines.push(`    ${diagnostic.suggestion}`);
  }
  return lines.join('\n');
}

/** The message with what was found and what was expected, on one line, without its place. */
export function describeDiagnostic(diagnostic: Diagnostic): string {
  const details: string[] = [];
  if (diagnostic.found !== undefined) details.push(`found ${diagnostic.found}`);
  if (diagnostic.expected !== undefined) details.push(`expected ${diagnostic.expected}`);
  return details.length === 0 ? diagnostic.message : `${diagnostic.message}: ${details.join(', ')}`;
}

function position({ file, place }: Diagnostic): string {
  const where = place === undefined ? [] : [String(place.line), String(place.column)];
  return [...(file === undefined ? [] : [file]), ...where].join(':');
}

function paint(severity: Exclude<Severity, 'silent'>, color: boolean): string {
  return color ? `\u001b[${COLOURS[severity]}m${severity}\u001b[39m` : severity;
}
