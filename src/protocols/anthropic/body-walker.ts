import { parseJson } from '../../domain/json.ts';
import { skipSpace } from './json-walk.ts';
import { sessionIdOf } from './session-id.ts';
import { type ByteRange, type Member, unambiguous, walkTopLevel } from './top-level.ts';

/** A request body of which only the top level was looked at. */
export interface WalkedBody {
  readonly kind: 'walked';
  /**
   * The body, whole. The very buffer that was handed in, or a copy without its irregularities (byte order mark,
   * duplicate or escaped keys) if it had any. All ranges count in it.
   */
  readonly bytes: Buffer;
  /** The members of the top level by key, in their order. */
  readonly members: ReadonlyMap<string, Member>;
  /** Never empty. */
  readonly model: string;
  /** The value of `model`, quotes included. */
  readonly modelRange: ByteRange;
  /** `false` when absent, as the API reads it. */
  readonly stream: boolean;
  /** The value of `stream`, if it was sent. */
  readonly streamRange?: ByteRange;
  /** A top-level `provider` that is a string: which provider the client pins this request to. */
  readonly provider?: string;
  /** The `provider` pin with exactly one comma: what has to go for the rest to stay valid. */
  readonly providerRange?: ByteRange;
  /** As sent; absent when missing or no number. */
  readonly maxTokens?: number;
  /** The value of `metadata`. */
  readonly metadataRange?: ByteRange;
  /** Some string in it begins with the mark that was looked for. */
  readonly isMarked: boolean;
}

/** A body that no provider could accept. The message is for the client: it says what is wrong and where. */
export interface MalformedBody {
  readonly kind: 'malformed';
  readonly message: string;
}

const NAMES = ['model', 'stream', 'provider', 'max_tokens'] as const;
type Name = (typeof NAMES)[number];

/**
 * Reads what routing needs from a request body by walking the top level of its bytes; the whole body is neither
 * decoded nor parsed. A byte order mark, duplicate keys (the last one wins, as in `JSON.parse`) and keys in escapes
 * are taken out of the bytes that are forwarded, so that every provider reads the same request as we do.
 *
 * What stands inside nested strings is not validated (see `json-walk.ts`); a provider refuses it if it is wrong.
 *
 * @param isUtf8 whether bytes are valid UTF-8; the caller passes the native check of its platform.
 * @param mark looked for at the beginning of every string.
 */
export function walkBody(
  bytes: Buffer,
  isUtf8: (bytes: Uint8Array) => boolean,
  mark?: Buffer,
): WalkedBody | MalformedBody {
  if (!isUtf8(bytes)) return malformed('the request body is not valid UTF-8; send JSON encoded as UTF-8');
  const json = withoutMark(bytes);
  const lookout = mark === undefined ? undefined : { beginning: mark, seen: false };
  const top = walkTopLevel(json, lookout);
  if (top.kind === 'broken') return explain(json, top.at);
  const isMarked = lookout?.seen === true;
  if (!top.ambiguous) return readMembers(json, top.members, isMarked);
  const clear = unambiguous(json, top.members);
  const again = walkTopLevel(clear);
  return again.kind === 'broken' ? malformed(NOT_JSON) : readMembers(clear, again.members, isMarked);
}

/** Without the byte order mark, which providers refuse. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function readMembers(
  bytes: Buffer,
  members: ReadonlyMap<string, Member>,
  isMarked: boolean,
): WalkedBody | MalformedBody {
  const values: Partial<Record<Name, unknown>> = {};
  for (const name of NAMES) {
    const member = members.get(name);
    if (member === undefined) continue;
    const value = scalarOf(bytes.toString('utf8', member.valueStart, member.valueEnd));
    // Inside the strings of what we read nothing is taken on trust.
    if (value === undefined) return explain(bytes, member.valueStart);
    values[name] = value;
  }
  const found = {
    model: members.get('model'),
    stream: members.get('stream'),
    provider: members.get('provider'),
    metadata: members.get('metadata'),
  };
  const { model, stream, provider, max_tokens: maxTokens } = values;
  if (found.model === undefined) return malformed('model: Field required');
  if (typeof model !== 'string') return malformed('model: Input should be a valid string');
  if (model === '') return malformed('model: String should have at least 1 character');
  if (stream !== undefined && typeof stream !== 'boolean') {
    return malformed('stream: Input should be a valid boolean');
  }
  return {
    kind: 'walked',
    bytes,
    members,
    model,
    modelRange: rangeOf(found.model),
    stream: stream === true,
    isMarked,
    ...(found.stream === undefined ? {} : { streamRange: rangeOf(found.stream) }),
    ...(typeof provider === 'string' && found.provider !== undefined
      ? { provider, providerRange: removalRange(found.provider) }
      : {}),
    ...(typeof maxTokens === 'number' ? { maxTokens } : {}),
    ...(found.metadata === undefined ? {} : { metadataRange: rangeOf(found.metadata) }),
  };
}

/** The session id inside `metadata.user_id`, if there is one. Parsed anew each time: mostly a header names the session. */
export function sessionIn({ bytes, metadataRange }: WalkedBody): string | undefined {
  if (metadataRange === undefined) return undefined;
  return sessionIdOf(parseJson(bytes.toString('utf8', metadataRange.start, metadataRange.end)));
}

/** A plain string in quotes: what most of these values are, and cheaper to take apart than to parse. */
const PLAIN_STRING = /^"[ !#-[\]-\u{10ffff}]*"$/u;

function scalarOf(json: string): unknown {
  if (PLAIN_STRING.test(json)) return json.slice(1, -1);
  if (json === 'true') return true;
  return parseJson(json);
}

/** What is wrong with a body that the walk gave up near the byte `at`. The one place that parses a whole body. */
function explain(bytes: Buffer, at: number): MalformedBody {
  if (skipSpace(bytes, 0) === bytes.length) return malformed('the request body is empty; send a JSON object');
  try {
    JSON.parse(bytes.toString('utf8'));
    return malformed('the request body must be a JSON object');
  } catch (error) {
    return malformed(`${notJson(error)} (near byte ${at})`);
  }
}

const NOT_JSON = 'the request body is not valid JSON';

/** The parser's own words, without the piece of the body that it may quote. */
function notJson(error: unknown): string {
  const words = error instanceof SyntaxError ? error.message.replace(/, (\.\.\.)?".*$/s, '') : '';
  return words === '' ? NOT_JSON : `${NOT_JSON}: ${words}`;
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
