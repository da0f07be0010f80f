/**
 * Words at which Claude Code 2.1.329 hides a message and prints one of its own ("Invalid API key · Fix external API
 * key"), measured with a 503 of type `api_error`. In an error that tells of several providers they would hide who failed.
 */
const SIGNALS: readonly (readonly [RegExp, string])[] = [
  [/x-api-key/gi, 'API key'],
  [/credit balance is too low/gi, 'credit balance too low'],
  [/prompt is too long/gi, 'the prompt does not fit'],
  [/(input length and .{0,20}max_tokens.{0,5}) exceed context limit/gi, '$1 do not fit into the context'],
  [/maximum of (\d+) PDF pages/gi, 'maximum of $1 pages of a PDF'],
];

/** The same sentence without words that Claude Code takes for an error of its own user. */
export function withoutClientSignals(text: string): string {
  return SIGNALS.reduce((rest, [pattern, words]) => rest.replace(pattern, words), text);
}
