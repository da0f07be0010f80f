import { isRecord } from '../../domain/is-record.ts';
import { parseJson } from '../../domain/json.ts';
import { keptWithin, segmentsOf } from '../../domain/learning/field-path.ts';
import { type Member, walkTopLevel } from './top-level.ts';

/** Where breakpoints of the cache are: in content blocks and tools, and one for the whole request. */
const HOLD_BREAKPOINTS: ReadonlySet<string> = new Set(['messages', 'system', 'tools', 'cache_control']);

/**
 * The request without these fields (paths of `src/domain/learning/field-path.ts`). A top-level field goes by its byte range; of a nested
 * one only the top-level field that holds it is parsed and written anew. Returns the same buffer if none of them is there.
 */
export function withoutFields(body: Buffer, fields: ReadonlySet<string>): Buffer {
  if (fields.size === 0) return body;
  const top = walkTopLevel(body);
  if (top.kind === 'broken') return body;
  const paths = [...fields].map(segmentsOf);
  let changed = false;
  const parts: (Buffer | string)[] = ['{'];
  for (const [key, member] of top.members) {
    const own = paths.filter(([first]) => first === key || (first === '**' && HOLD_BREAKPOINTS.has(key)));
    const value = own.length === 0 ? UNCHANGED : edited(body, key, member, own);
    if (value !== UNCHANGED) changed = true;
    if (value === undefined) continue;
    if (parts.length > 1) parts.push(',');
    if (value === UNCHANGED) parts.push(body.subarray(member.keyStart, member.valueEnd));
    else parts.push(body.subarray(member.keyStart, member.valueStart), JSON.stringify(value));
  }
  parts.push('}');
  return changed
    ? Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
    : body;
}

const UNCHANGED = Symbol('unchanged');

/** A top-level field's value without what the paths name; `undefined`: nothing is left of it. */
function edited(
  body: Buffer,
  key: string,
  { valueStart, valueEnd }: Member,
  paths: readonly Path[],
): unknown {
  if (paths.some((path) => path.length === 1) && keptWithin(key).length === 0) return undefined;
  const bytes = body.subarray(valueStart, valueEnd);
  const mentioned = paths.filter((path) => path.length === 1 || bytes.includes(`"${path.at(-1)}"`));
  if (mentioned.length === 0) return UNCHANGED;
  const value = parseJson(bytes);
  // Inside its strings it is no JSON: the provider says so better than we could.
  if (value === undefined) return UNCHANGED;
  const holder: Record<string, unknown> = { [key]: value };
  let changed = false;
  for (const path of mentioned)
    if (isAnywhere(path, key) ? removeFromBlocks(value, path.slice(1)) : removeAt(holder, inside(path)))
      changed = true;
  return changed ? holder[key] : UNCHANGED;
}

type Path = readonly string[];

function isAnywhere([first]: Path, key: string): boolean {
  return first === '**' && key !== 'cache_control';
}

function inside(path: Path): Path {
  return path[0] === '**' ? path.slice(1) : path;
}

/** Removes what the path leads to, in place; an object that it empties goes too. Says whether there was anything. */
function removeAt(node: unknown, [segment = '', ...rest]: Path): boolean {
  if (Array.isArray(node)) {
    if (segment !== '*') return false;
    let changed = false;
    for (const item of node) if (removeAt(item, rest)) changed = true;
    return changed;
  }
  if (!isRecord(node)) return false;
  if (rest.length === 0) return removeKey(node, segment);
  const child = Object.hasOwn(node, segment) ? node[segment] : undefined;
  if (isRecord(child) || Array.isArray(child)) {
    const changed = removeAt(child, rest);
    if (changed && isRecord(child) && Object.keys(child).length === 0) Reflect.deleteProperty(node, segment);
    return changed;
  }
  return isOfType(node, segment) && removeAt(node, rest);
}

/** Error texts name the type of an object where it stands; a tool without a type is a `custom` one. */
function isOfType({ type }: Readonly<Record<string, unknown>>, name: string): boolean {
  return type === name || (name === 'custom' && type === undefined);
}

function removeKey(node: Record<string, unknown>, key: string): boolean {
  if (!Object.hasOwn(node, key)) return false;
  const value = node[key];
  const kept = keptWithin(key);
  if (!isRecord(value) || !kept.some((name) => Object.hasOwn(value, name)))
    return Reflect.deleteProperty(node, key);
  const others = Object.keys(value).filter((name) => !kept.includes(name));
  for (const name of others) Reflect.deleteProperty(value, name);
  return others.length > 0;
}

/** From each message, content block and tool, but from nothing that these hold as data: a tool's input is the model's. */
function removeFromBlocks(node: unknown, path: Path): boolean {
  if (Array.isArray(node)) {
    let changed = false;
    for (const item of node) if (removeFromBlocks(item, path)) changed = true;
    return changed;
  }
  if (!isRecord(node)) return false;
  const own = removeAt(node, path);
  const content = removeFromBlocks(node.content, path);
  const source = isRecord(node.source) && removeFromBlocks(node.source.content, path);
  return own || content || source;
}
