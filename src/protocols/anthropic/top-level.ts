import { type Lookout, skipSpace, stringEnd, valueEnd } from './json-walk.ts';

/** A span of bytes: `start` inclusive, `end` exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** One member of a top-level object. */
export interface Member {
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Where the comma before it stands; -1 for the first member. */
  readonly commaBefore: number;
  /** Where the next member's key begins; -1 for the last member. */
  nextKey: number;
}

export type TopLevel =
  | {
      readonly kind: 'object';
      /** By decoded key; of duplicates the last, as `JSON.parse` has it. */
      readonly members: ReadonlyMap<string, Member>;
      /** Keys occur twice or are written with escapes: readers that are less careful could see another object. */
      readonly ambiguous: boolean;
    }
  /** No object, or broken near the byte `at`. */
  | { readonly kind: 'broken'; readonly at: number };

/** Walks the top level of a JSON object, from member to member. */
export function walkTopLevel(bytes: Buffer, lookout?: Lookout): TopLevel {
  const members = new Map<string, Member>();
  let ambiguous = false;
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== 0x7b) return { kind: 'broken', at };
  at = skipSpace(bytes, at + 1);
  let previous: Member | undefined;
  let comma = -1;
  while (bytes[at] !== 0x7d || comma !== -1) {
    const keyEnd = bytes[at] === 0x22 ? stringEnd(bytes, at) : -1;
    if (keyEnd === -1) return { kind: 'broken', at };
    const raw = bytes.toString('utf8', at + 1, keyEnd - 1);
    const key = raw.includes('\\') ? decoded(raw) : raw;
    if (key === undefined) return { kind: 'broken', at };
    ambiguous ||= key !== raw || members.has(key);

    const colon = skipSpace(bytes, keyEnd);
    if (bytes[colon] !== 0x3a) return { kind: 'broken', at: colon };
    const valueStart = skipSpace(bytes, colon + 1);
    const end = valueEnd(bytes, valueStart, lookout);
    if (end === -1) return { kind: 'broken', at: valueStart };

    const member: Member = { keyStart: at, valueStart, valueEnd: end, commaBefore: comma, nextKey: -1 };
    if (previous !== undefined) previous.nextKey = at;
    members.set(key, member);
    previous = member;
    at = skipSpace(bytes, end);
    if (bytes[at] === 0x7d) break;
    if (bytes[at] !== 0x2c) return { kind: 'broken', at };
    comma = at;
    at = skipSpace(bytes, at + 1);
  }
  const rest = skipSpace(bytes, at + 1);
  return rest === bytes.length ? { kind: 'object', members, ambiguous } : { kind: 'broken', at: rest };
}

/** The same object with each key once and without needless escapes; every value keeps its bytes. */
export function unambiguous(bytes: Buffer, members: ReadonlyMap<string, Member>): Buffer {
  const parts: Buffer[] = [];
  for (const [key, { valueStart, valueEnd }] of members) {
    const before = `${parts.length === 0 ? '{' : ','}${JSON.stringify(key)}:`;
    parts.push(Buffer.from(before), bytes.subarray(valueStart, valueEnd));
  }
  parts.push(Buffer.from('}'));
  return Buffer.concat(parts);
}

function decoded(raw: string): string | undefined {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return undefined;
  }
}
