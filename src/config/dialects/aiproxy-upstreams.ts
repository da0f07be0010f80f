import { isMap, isScalar, isSeq, Pair, Scalar, type YAMLMap } from 'yaml';
import { CHECK_NOTE, HARMLESS } from '../diagnostic.ts';
import type { Found, TreeEdits } from './edits.ts';
import { isNothing, itemsOf, numberIn, textOf } from './tree.ts';

/** `upstreams` becomes `providers`. */
export function translateUpstreams(edits: TreeEdits, root: YAMLMap): void {
  const found = edits.pair(root, 'upstreams');
  if (found === undefined) return;
  const entries = itemsOf(edits.source, found.pair.value);
  const list = edits.copier.copy(found.pair.value, { comments: true });
  if (isSeq(list)) {
    const lists = entries.map((entry) => tokenCount(edits, entry));
    const shares = commonMultiple(lists);
    const names = new Set<string>();
    list.items = list.items.flatMap((item, index) => {
      const path = `upstreams[${index}]`;
      if (!isMap(item)) return [item];
      const share = shares === undefined ? 1 : shares / (lists[index] ?? 1);
      return translateUpstream(edits, item, path, share, names);
    });
    list.flow = false;
  }
  found.pair.value = list;
  edits.rename(found, 'providers');
}

/** How many providers an upstream becomes. */
function tokenCount(edits: TreeEdits, entry: unknown): number {
  return Math.max(1, usableTokens(edits, edits.value(entry, 'token')).length);
}

function usableTokens(edits: TreeEdits, token: unknown): unknown[] {
  return itemsOf(edits.source, token).filter((item) => (textOf(item)?.trim() ?? '') !== '');
}

/** Beyond this, weights are left as they are. */
const LARGEST_MULTIPLE = 60;

/** What all weights are multiplied by, so that an upstream with several tokens keeps its share. */
function commonMultiple(counts: readonly number[]): number | undefined {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  const multiple = counts.reduce((a, b) => (a * b) / divisor(a, b), 1);
  return multiple <= LARGEST_MULTIPLE ? multiple : undefined;
}

function translateUpstream(
  edits: TreeEdits,
  upstream: YAMLMap,
  path: string,
  share: number,
  names: Set<string>,
): YAMLMap[] {
  translateType(edits, upstream, path);
  translateWeight(edits, upstream, path, share);
  translateAddress(edits, upstream, path);
  const headers = edits.pair(upstream, 'http_headers', path);
  if (headers !== undefined) edits.rename(headers, 'headers');
  return translateToken(edits, upstream, path, names);
}

/** One provider for each token, told apart by a number behind the name. */
function translateToken(edits: TreeEdits, upstream: YAMLMap, path: string, names: Set<string>): YAMLMap[] {
  const name = nameOf(edits, upstream);
  const token = edits.pair(upstream, 'token', path);
  if (token === undefined) {
    setName(edits, upstream, path, name, names);
    return [upstream];
  }
  const tokens = usableTokens(edits, token.pair.value);
  if (isSeq(token.pair.value)) token.pair.value = tokens[0] ?? new Scalar('');
  edits.rename(token, 'auth_value');
  insertAfter(upstream, token.pair, new Pair(new Scalar('auth_type'), new Scalar('api_key')));
  if (tokens.length <= 1) {
    setName(edits, upstream, path, name, names);
    return [upstream];
  }
  edits.tell(token.path, token.pair.value, {
    code: 'renamed-key',
    ...CHECK_NOTE,
    message: `each of its ${tokens.length} tokens is a provider of its own: ${JSON.stringify(`${name}-1`)} and so on`,
  });
  return tokens.map((each, index) => {
    const copy = index === 0 ? upstream : (edits.copier.copy(upstream) as YAMLMap);
    edits.set(copy, 'auth_value', edits.copier.copy(each, { comments: true }), token);
    setName(edits, copy, path, `${name}-${index + 1}`, names, true);
    return copy;
  });
}

/** Its name, else the host of its address. */
function nameOf(edits: TreeEdits, upstream: YAMLMap): string {
  const written = textOf(edits.value(upstream, 'name')) ?? '';
  if (written.trim() !== '') return written;
  const address = textOf(edits.value(upstream, 'base_url'))?.trim() ?? '';
  return (URL.canParse(address) ? new URL(address).host : '') || 'upstream';
}

/** Names may stand several times in aiproxy's files, and those without one may share a host: they get numbers. */
function setName(
  edits: TreeEdits,
  upstream: YAMLMap,
  path: string,
  wanted: string,
  names: Set<string>,
  split = false,
): void {
  let name = wanted;
  for (let number = 2; names.has(name); number += 1) name = `${wanted}-${number}`;
  names.add(name);
  const found = edits.pair(upstream, 'name', path);
  if (found !== undefined && textOf(found.pair.value) === name) return;
  const isRepeated = !split && found !== undefined && textOf(found.pair.value) === wanted;
  if (isRepeated) {
    edits.tell(found.path, found.pair.value, {
      code: 'renamed-key',
      ...CHECK_NOTE,
      message: `there is an upstream of this name before; this one is called ${JSON.stringify(name)}`,
    });
  }
  const pair = edits.set(upstream, 'name', new Scalar(name), found);
  if (found === undefined) {
    upstream.items.splice(upstream.items.indexOf(pair), 1);
    upstream.items.unshift(pair);
  }
}

function insertAfter(map: YAMLMap, pair: Pair, added: Pair): void {
  map.items.splice(map.items.indexOf(pair) + 1, 0, added);
}

/** Types that are served here; all others spoke protocols that nothing translates. */
const TYPES: ReadonlySet<string> = new Set(['anthropic', 'openai']);

function translateType(edits: TreeEdits, upstream: YAMLMap, path: string): void {
  const found = edits.pair(upstream, 'api_type', path);
  const type = (textOf(found?.pair.value) ?? '').trim().toLowerCase();
  if (found === undefined) return;
  if (TYPES.has(type)) {
    edits.rename(found, 'type');
    if (isScalar(found.pair.value)) found.pair.value.value = type;
    return;
  }
  edits.remove(upstream, 'api_type');
  if (type === '') return;
  if (isOff(edits, upstream)) {
    disable(edits, upstream, found, type);
    return;
  }
  edits.tell(found.path, found.pair.value, {
    code: 'not-served',
    ...HARMLESS,
    message: 'this provider is not used: its type is not served',
    found: JSON.stringify(type.slice(0, 60)),
    expected: '"anthropic" or "openai"',
  });
  disable(edits, upstream, found, type);
}

function isOff(edits: TreeEdits, upstream: YAMLMap): boolean {
  return textOf(edits.value(upstream, 'enabled'))?.toLowerCase() === 'false';
}

function disable(edits: TreeEdits, upstream: YAMLMap, from: Found, type: string): void {
  const off = new Scalar(false);
  off.comment = ` of the type ${type.slice(0, 60).replace(/\s+/g, ' ')}, which is not served`;
  edits.remove(upstream, 'enabled');
  edits.set(upstream, 'enabled', off, from);
}

const LARGEST_WEIGHT = 10_000;

function translateWeight(edits: TreeEdits, upstream: YAMLMap, path: string, share: number): void {
  const found = edits.pair(upstream, 'weight', path);
  const written = found === undefined || isNothing(found.pair.value) ? 1 : numberIn(found.pair.value);
  // What is no number at all is told of where it is read.
  if (written === undefined) return;
  const weight = Math.min(LARGEST_WEIGHT, Math.max(1, Math.round(written)) * share);
  if (weight === 1 ? found === undefined || written === 1 : written === weight) return;
  const value = new Scalar(weight);
  const old = found?.pair.value;
  if (found !== undefined && old instanceof Scalar) {
    value.comment = old.comment ?? null;
    if (old.range) value.range = old.range;
  }
  edits.set(upstream, 'weight', value, found);
}

/** Nothing else is required of an upstream there; without an address it could never answer. */
function translateAddress(edits: TreeEdits, upstream: YAMLMap, path: string): void {
  const found = edits.pair(upstream, 'base_url', path);
  const address = textOf(found?.pair.value)?.trim() ?? '';
  if (address === '') {
    edits.set(upstream, 'base_url', new Scalar('https://unusable.invalid'), found);
    if (isOff(edits, upstream)) return;
    edits.tell(path, upstream, {
      code: 'bad-url',
      ...HARMLESS,
      message: 'this provider is not used: it has no base_url',
    });
    edits.remove(upstream, 'enabled');
    edits.set(upstream, 'enabled', new Scalar(false));
    return;
  }
  // There `/v1/chat/completions` was appended; here an openai address is used as it is written.
  const isOpenai = textOf(edits.value(upstream, 'type'))?.trim().toLowerCase() === 'openai';
  if (!isOpenai || /\/v1\/*$/.test(address) || found === undefined) return;
  const complete = edits.copier.copy(found.pair.value, { comments: true });
  if (complete instanceof Scalar) complete.value = `${address.replace(/\/+$/, '')}/v1`;
  found.pair.value = complete;
}
