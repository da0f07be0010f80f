const KEY = Buffer.from('"signature');
const QUOTE = 0x22;
const COLON = 0x3a;
const SPACE = 0x20;

/** A longer one is none. Bytes. */
const LONGEST = 256 * 1024;
/** Providers' signatures are long; `""` opens the block of a stream. */
const SHORTEST = 8;
/** A signature is told by its length and its end, characters: what it says is not of interest. */
const END = 48;

/** No event with a signature is shorter, most deltas of text are. Bytes. */
const SHORTEST_EVENT = 140;

/** What a signature is remembered by. */
export function signatureKey(signature: string): string {
  return `${signature.length}:${signature.slice(-END)}`;
}

/** The signatures in the bytes of a request or an answer. Nothing is parsed: what stands escaped in a text is passed over. */
export function signaturesIn(bytes: Buffer): readonly string[] {
  const found: string[] = [];
  scan(bytes, (signature) => found.push(signature));
  return found;
}

/** Finds signatures in an answer that comes in pieces. */
export class SignatureScanner {
  readonly #found: (signature: string) => void;
  /** From a signature on whose end has not come. */
  #open: Buffer | undefined;

  constructor(found: (signature: string) => void) {
    this.#found = found;
  }

  push(bytes: Buffer): void {
    if (this.#open === undefined && (bytes.length < SHORTEST_EVENT || !bytes.includes(KEY))) return;
    const all = this.#open === undefined ? bytes : Buffer.concat([this.#open, bytes]);
    const rest = scan(all, this.#found);
    const open = rest === -1 ? undefined : all.subarray(rest);
    // A copy: the piece is a part of somebody else's buffer.
    this.#open = open === undefined || open.length > LONGEST ? undefined : Buffer.from(open);
  }
}

/** @returns where a member begins that may go on behind the end; -1: none. */
function scan(bytes: Buffer, found: (signature: string) => void): number {
  for (let at = bytes.indexOf(KEY); at !== -1; at = bytes.indexOf(KEY, at + KEY.length)) {
    let next = at + KEY.length;
    if (next === bytes.length) return at;
    if (bytes[next] !== QUOTE) continue;
    next++;
    while (bytes[next] === SPACE || bytes[next] === COLON) next++;
    if (next >= bytes.length) return at;
    if (bytes[next] !== QUOTE) continue;
    const end = bytes.indexOf(QUOTE, next + 1);
    if (end === -1) return at;
    if (end - next > SHORTEST) found(bytes.toString('latin1', next + 1, end));
  }
  return -1;
}
