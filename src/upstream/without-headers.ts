import { isNamed } from '../domain/header-name.ts';
import type { Removal } from '../domain/learning/removal.ts';

const BETA = 'anthropic-beta';

/** The headers (flat list) without those that are to go; `anthropic-beta` keeps its other values, and goes if none is left. */
export function withoutHeaders(
  headers: readonly string[],
  { betas, headers: names }: Pick<Removal, 'betas' | 'headers'>,
): readonly string[] {
  if (betas.size === 0 && names.size === 0) return headers;
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    const lower = name.toLowerCase();
    if (names.has(lower)) continue;
    if (lower !== BETA || !valuesIn(value).some((each) => betas.has(each))) {
      kept.push(name, value);
      continue;
    }
    const left = valuesIn(value).filter((each) => !betas.has(each));
    if (left.length > 0) kept.push(name, left.join(','));
  }
  return kept;
}

/** All values of `anthropic-beta`, each once. */
export function betasOf(headers: readonly string[]): readonly string[] {
  const values = new Set<string>();
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (isNamed(headers[at], BETA)) for (const value of valuesIn(headers[at + 1] ?? '')) values.add(value);
  return [...values];
}

/** Lower-case names, each once. */
export function namesOf(headers: readonly string[]): readonly string[] {
  return [...new Set(headers.filter((_text, at) => at % 2 === 0).map((name) => name.toLowerCase()))];
}

function valuesIn(value: string): readonly string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
