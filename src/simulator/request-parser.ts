/** Head of a request as it came. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  /** Flat list in wire order and case: name, value, … */
  readonly rawHeaders: readonly string[];
}

/** Receives requests of one connection, one after the other. `body` may be empty; it is complete. */
export interface RequestEvents {
  head(head: RequestHead): void;
  body(body: Buffer): void;
  /** Not HTTP/1.x, or a framing that this parser does not know. */
  bad(reason: string): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');

type State =
  | { readonly at: 'head' }
  | { readonly at: 'length'; readonly left: number }
  | { readonly at: 'chunk_size' }
  | { readonly at: 'chunk'; readonly left: number }
  | { readonly at: 'trailer' }
  | { readonly at: 'bad' };

/**
 * Incremental HTTP/1.1 request parser, for a server that must be free to answer with anything. Understands
 * `content-length` and chunked bodies, and requests that follow each other on one connection.
 */
export function createRequestParser(events: RequestEvents): (bytes: Buffer) => void {
  let state: State = { at: 'head' };
  let pending: Buffer = Buffer.alloc(0);
  let body: Buffer[] = [];

  /** Takes one unit from `pending`; false if more bytes are needed. */
  function advance(): boolean {
    switch (state.at) {
      case 'head':
        return takeHead();
      case 'length':
      case 'chunk':
        return takeBytes(state.at, state.left);
      case 'chunk_size':
        return takeChunkSize();
      case 'trailer':
        return takeTrailer();
      case 'bad':
        return false;
    }
  }

  function takeHead(): boolean {
    const end = pending.indexOf(HEAD_END);
    if (end < 0) return isMethodStart(pending) ? false : fail('not an HTTP/1.1 request');
    const head = parseHead(pending.toString('latin1', 0, end));
    pending = pending.subarray(end + HEAD_END.length);
    if (!head) return fail('not an HTTP/1.1 request');
    events.head(head);
    state = bodyState(head);
    if (state.at === 'head') finish();
    return true;
  }

  function takeBytes(at: 'length' | 'chunk', left: number): boolean {
    if (pending.length === 0 && left > 0) return false;
    const taken = pending.subarray(0, left);
    pending = pending.subarray(taken.length);
    if (taken.length > 0) body.push(taken);
    const rest = left - taken.length;
    if (rest > 0) state = { at, left: rest };
    else if (at === 'length') finish();
    else state = { at: 'chunk_size' };
    return true;
  }

  function takeChunkSize(): boolean {
    const end = pending.indexOf(LINE_END);
    if (end < 0) return false;
    const line = pending.toString('latin1', 0, end);
    pending = pending.subarray(end + LINE_END.length);
    // The line end that closes the chunk before.
    if (line === '') return true;
    const size = Number.parseInt(line, 16);
    if (!(size >= 0)) return fail('bad chunk size');
    state = size === 0 ? { at: 'trailer' } : { at: 'chunk', left: size };
    return true;
  }

  function takeTrailer(): boolean {
    const end = pending.indexOf(LINE_END);
    if (end < 0) return false;
    pending = pending.subarray(end + LINE_END.length);
    if (end === 0) finish();
    return true;
  }

  function finish(): void {
    const whole = body.length === 1 && body[0] ? body[0] : Buffer.concat(body);
    body = [];
    state = { at: 'head' };
    events.body(whole);
  }

  function fail(reason: string): boolean {
    state = { at: 'bad' };
    events.bad(reason);
    return false;
  }

  return (bytes) => {
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    while (advance()) {
      // Goes on with what is left.
    }
  };
}

/** Something else, a TLS handshake for instance, is refused at its first byte instead of being waited for. */
function isMethodStart(bytes: Buffer): boolean {
  const first = bytes[0] ?? 0x41;
  return first >= 0x41 && first <= 0x5a;
}

function parseHead(text: string): RequestHead | undefined {
  const [requestLine = '', ...lines] = text.split('\r\n');
  const match = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(requestLine);
  if (!match?.[1] || !match[2]) return undefined;
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { method: match[1], path: match[2], rawHeaders };
}

function bodyState(head: RequestHead): State {
  if (/chunked/i.test(headerOf(head.rawHeaders, 'transfer-encoding') ?? '')) return { at: 'chunk_size' };
  const length = Number(headerOf(head.rawHeaders, 'content-length') ?? 0);
  return length > 0 ? { at: 'length', left: length } : { at: 'head' };
}

/** First value of a header in a flat list; names are compared without case. */
export function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) return rawHeaders[i + 1];
  }
  return undefined;
}
