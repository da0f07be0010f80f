import { skipSpace, stringEnd, valueEnd } from './json-walk.ts';
import { sessionIdOf } from './session-id.ts';

/** A span of bytes: `start` inclusive, `end` exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A request body of which only the top level was looked at. */
export interface WalkedBody {
  readonly kind: 'walked';
  /**
   * The body, whole. The very buffer that was handed in, or a copy without its irregularities (byte order mark,
   * duplicate or escaped keys) if it had any. All ranges count in it.
   */
  readonly bytes: Buffer;
  /** Never empty. */
  readonly model: string;
  /** The value of `model`, quotes included. */
  readonly modelRange: ByteRange;
  /** `false` when absent, as the API reads it. */
  readonly stream: boolean;
  /** A top-level `provider` that is a string: which provider the client pins this request to. */
  readonly provider?: string;
  /** The `provider` pin with exactly one comma: what has to go for the rest to stay valid. */
  readonly providerRange?: ByteRange;
  /** As sent; absent when missing or no number. */
  readonly maxTokens?: number;
  /** The value of `metadata`. */
  readonly metadataRange?: ByteRange;
  /** The session id inside `metadata.user_id`, if there is one. */
  readonly session?: string;
}

/** A body that no provider could accept. The message is for the client: it says what is wrong and where. */
export interface MalformedBody {
  readonly kind: 'malformed';
  readonly message: string;
}

/** One member of the top-level object. */
interface Member {
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Where the comma before it stands; -1 for the first member. */
  readonly commaBefore: number;
  /** Where the next member's key begins; -1 for the last member. */
  nextKey: number;
}

const NAMES = ['model', 'stream', 'provider', 'max_tokens', 'metadata'] as const;
type Name = (typeof NAMES)[number];
type Members = Partial<Record<Name, Member>>;
type Walk =
  | { readonly kind: 'members'; readonly members: Members }
  /** Malformed, or well-formed in a way that needs the full parse. `at`: near which byte. */
  | { readonly kind: 'irregular'; readonly at: number };

/**
 * Reads what routing needs from a request body by walking the top level of its bytes; the whole body is neither
 * decoded nor parsed. Anything irregular (byte order mark, duplicate keys, a known key in escapes, invalid UTF-8)
 * goes through a full parse, in which the last duplicate wins, and comes back re-serialised.
 *
 * What stands inside nested strings is not validated (see `json-walk.ts`); a provider refuses it if it is wrong.
 *
 * @param isUtf8 whether bytes are valid UTF-8; the caller passes the native check of its platform.
 */
export function walkBody(bytes: Buffer, isUtf8: (bytes: Uint8Array) => boolean): WalkedBody | MalformedBody {
  if (!isUtf8(bytes)) return malformed('the request body is not valid UTF-8; send JSON encoded as UTF-8');
  const json = withoutMark(bytes);
  const walk = walkTopLevel(json);
  if (walk.kind === 'irregular') return parseWhole(json, walk.at);
  return readMembers(json, walk.members) ?? parseWhole(json, 0);
}

/** Without the byte order mark, which providers refuse. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function walkTopLevel(bytes: Buffer): Walk {
  const members: Members = {};
  const seen = new Set<string>();
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== 0x7b) return { kind: 'irregular', at };
  at = skipSpace(bytes, at + 1);
  let previous: Member | undefined;
  let comma = -1;
  while (bytes[at] !== 0x7d || comma !== -1) {
    const key = readKey(bytes, at);
    if (key === undefined || seen.has(key.text)) return { kind: 'irregular', at };
    seen.add(key.text);
    const name = isName(key.text) ? key.text : undefined;
    if (name !== undefined && key.escaped) return { kind: 'irregular', at };
    const colon = skipSpace(bytes, key.end);
    if (bytes[colon] !== 0x3a) return { kind: 'irregular', at: colon };
    const valueStart = skipSpace(bytes, colon + 1);
    const end = valueEnd(bytes, valueStart);
    if (end === -1) return { kind: 'irregular', at: valueStart };
    const member: Member = { keyStart: at, valueStart, valueEnd: end, commaBefore: comma, nextKey: -1 };
    if (previous !== undefined) previous.nextKey = at;
    if (name !== undefined) members[name] = member;
    previous = member;
    at = skipSpace(bytes, end);
    if (bytes[at] === 0x7d) break;
    if (bytes[at] !== 0x2c) return { kind: 'irregular', at };
    comma = at;
    at = skipSpace(bytes, at + 1);
  }
  const rest = skipSpace(bytes, at + 1);
  return rest === bytes.length ? { kind: 'members', members } : { kind: 'irregular', at: rest };
}

interface Key {
  readonly text: string;
  readonly escaped: boolean;
  /** Just after the closing quote. */
  readonly end: number;
}

function readKey(bytes: Buffer, at: number): Key | undefined {
  if (bytes[at] !== 0x22) return undefined;
  const end = stringEnd(bytes, at);
  if (end === -1) return undefined;
  const raw = bytes.toString('utf8', at + 1, end - 1);
  if (!raw.includes('\\')) return { text: raw, escaped: false, end };
  const decoded = parse(bytes, at, end);
  return typeof decoded === 'string' ? { text: decoded, escaped: true, end } : undefined;
}

function isName(key: string): key is Name {
  return (NAMES as readonly string[]).includes(key);
}

/** `undefined` if a value that we read is no JSON after all (inside its strings). */
function readMembers(bytes: Buffer, members: Members): WalkedBody | MalformedBody | undefined {
  const values: Partial<Record<Name, unknown>> = {};
  for (const name of NAMES) {
    const member = members[name];
    if (member === undefined) continue;
    const value = parse(bytes, member.valueStart, member.valueEnd);
    if (value === undefined) return undefined;
    values[name] = value;
  }
  const { model, stream, provider, max_tokens: maxTokens } = values;
  if (members.model === undefined) return malformed('model: Field required');
  if (typeof model !== 'string') return malformed('model: Input should be a valid string');
  if (model === '') return malformed('model: String should have at least 1 character');
  if (stream !== undefined && typeof stream !== 'boolean') {
    return malformed('stream: Input should be a valid boolean');
  }
  const session = sessionIdOf(values.metadata);
  return {
    kind: 'walked',
    bytes,
    model,
    modelRange: rangeOf(members.model),
    stream: stream === true,
    ...(typeof provider === 'string' && members.provider !== undefined
      ? { provider, providerRange: removalRange(members.provider) }
      : {}),
    ...(typeof maxTokens === 'number' ? { maxTokens } : {}),
    ...(members.metadata === undefined ? {} : { metadataRange: rangeOf(members.metadata) }),
    ...(session === undefined ? {} : { session }),
  };
}

/** The way for everything that the walk does not understand. */
function parseWhole(bytes: Buffer, at: number): WalkedBody | MalformedBody {
  if (skipSpace(bytes, 0) === bytes.length) return malformed('the request body is empty; send a JSON object');
  let canonical: Buffer;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return malformed('the request body must be a JSON object');
    }
    canonical = Buffer.from(JSON.stringify(value));
  } catch (error) {
    return malformed(error instanceof RangeError ? TOO_DEEP : `${notJson(error)} (near byte ${at})`);
  }
  const walk = walkTopLevel(canonical);
  const body = walk.kind === 'members' ? readMembers(canonical, walk.members) : undefined;
  return body ?? malformed(NOT_JSON);
}

const NOT_JSON = 'the request body is not valid JSON';
const TOO_DEEP = 'the request body is nested too deeply';

/** The parser's own words, without the piece of the body that it may quote. */
function notJson(error: unknown): string {
  const words = error instanceof SyntaxError ? error.message.replace(/, (\.\.\.)?".*$/s, '') : '';
  return words === '' ? NOT_JSON : `${NOT_JSON}: ${words}`;
}

/** The value in a range, or `undefined` if it is no JSON. */
function parse(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    return undefined;
  }
}

function rangeOf(member: Member): ByteRange {
  return { start: member.valueStart, end: member.valueEnd };
}

/** The member with the comma after it, or with the one before it if it is the last. */
function removalRange(member: Member): ByteRange {
  if (member.nextKey !== -1) return { start: member.keyStart, end: member.nextKey };
  const start = member.commaBefore === -1 ? member.keyStart : member.commaBefore;
  return { start, end: member.valueEnd };
}

function malformed(message: string): MalformedBody {
  return { kind: 'malformed', message };
}
