import type { Occasion } from '../../src/config/diagnostic.ts';
import { formatDiagnostics } from '../../src/config/format.ts';
import { type LoadResult, type ParseContext, parseConfiguration } from '../../src/config/parse.ts';
import type { Configuration } from '../../src/domain/settings/settings.ts';

/** A provider that nothing is wrong with, as the first lines of a file: `settings` may follow at line 5. */
export const GOOD_PROVIDER =
  'providers:\n  - name: good\n    base_url: https://good.example\n    auth_value: key\n';

export function parse(text: string, context: Partial<ParseContext> = {}): LoadResult {
  return parseConfiguration(text, { env: {}, ...context });
}

/** The configuration of a text that must load. */
export function configurationOf(text: string, context: Partial<ParseContext> = {}): Configuration {
  const result = parse(text, context);
  if (!result.ok) throw new Error(formatDiagnostics(result.diagnostics));
  return result.configuration;
}

/** What a user reads about a text, line by line, without the suggestions' indentation. */
export function told(
  text: string,
  occasion: Occasion = 'start',
  context: Partial<ParseContext> = {},
): string[] {
  const formatted = formatDiagnostics(parse(text, context).diagnostics, { occasion });
  return formatted === '' ? [] : formatted.split('\n').map((line) => line.trim());
}
