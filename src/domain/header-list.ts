/** Reading of flat header lists (name, value, name, value, …) whose names may be of any case. */

/** Name in lower case and trimmed value, pair by pair. A last name without value is left out. */
export function headerPairs(headers: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index];
    const value = headers[index + 1];
    if (name !== undefined && value !== undefined) pairs.push([name.toLowerCase(), value.trim()]);
  }
  return pairs;
}

/** The first value under a lower-case name. */
export function headerValue(headers: readonly string[], name: string): string | undefined {
  return headerPairs(headers).find(([candidate]) => candidate === name)?.[1];
}
