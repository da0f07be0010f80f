/**
 * What a simulated provider does with one request, as data. Everything that the balancer must survive can be said
 * here; the named ones are in `scenarios.ts`.
 */
export type Behaviour =
  | MessageBehaviour
  | StreamBehaviour
  | CutBehaviour
  | HttpBehaviour
  | EchoBehaviour
  | BreakBehaviour
  | ScriptBehaviour;

/** A good answer, in the form that the request asks for (Messages stream or JSON, Chat Completions, count_tokens, models). */
export interface MessageBehaviour extends StreamShape {
  readonly kind: 'message';
  /** Shorthand for one text block; default: a greeting with the provider's name. */
  readonly text?: string;
  /** Takes the place of `text`; an empty list is an answer without content. */
  readonly blocks?: readonly AnswerBlock[];
  /** Into how many deltas each block is cut; default 3. */
  readonly pieces?: number;
  /** Default: `tool_use` if a tool is called, else `end_turn`. */
  readonly stopReason?: string;
  readonly usage?: AnswerUsage;
  /** Default: the request's own model. */
  readonly model?: string;
  /** Waits between the events, ms. */
  readonly delayMs?: number;
  /** Waits before the headers, ms. */
  readonly headDelayMs?: number;
  /** Stops there until the request's `release()`. */
  readonly hold?: 'before_head' | 'before_content' | 'before_last';
  /** Pings between `message_start` and the first block: a model that thinks hidden. */
  readonly hiddenThinking?: { readonly pings: number; readonly everyMs: number };
  /** `stream` and `json` ignore what the request asked for. */
  readonly format?: 'asked' | 'stream' | 'json';
  readonly jsonHeaders?: Readonly<Record<string, string>>;
}

export type AnswerBlock =
  | { readonly type: 'text'; readonly text: string }
  /** Signed in the provider's own name. */
  | { readonly type: 'thinking'; readonly thinking: string }
  | {
      readonly type: 'tool_use' | 'server_tool_use';
      readonly id?: string;
      readonly name: string;
      readonly input: unknown;
    }
  /** Any block that is complete at its start: `redacted_thinking`, a server tool's result, one nobody knows. */
  | { readonly type: 'whole'; readonly block: Readonly<Record<string, unknown>> };

export interface AnswerUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheCreation?: number;
}

/** How a stream looks on the wire. */
export interface StreamShape {
  readonly status?: number;
  /** Added to the headers, or in the place of one of the same name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly encoding?: ContentEncoding;
  readonly lineEnd?: '\n' | '\r\n' | '\r';
  /** `false`: only `data:` lines. */
  readonly eventLines?: boolean;
  /** Cuts the bytes into TCP writes of this size; default: one write an event. */
  readonly bytesPerWrite?: number;
  /** `close`: no framing, the body ends with the connection. */
  readonly framing?: 'chunked' | 'close';
  readonly ends?: StreamEnd;
}

/**
 * `end`: as HTTP wants it, connection kept. `fin`: closed without the last chunk. `reset`: RST. `stall`: silence, for
 * ever. `bad_framing`: a chunk size that is none. `open`: complete, but without the last chunk, and never closed.
 * `reset_on_reuse`: a proper end, and RST as soon as the next request comes on this connection.
 */
type StreamEnd = 'end' | 'fin' | 'reset' | 'stall' | 'bad_framing' | 'open' | 'reset_on_reuse';

export type ContentEncoding = 'gzip' | 'deflate' | 'br';

/** Exactly these events, whatever the request asked for. */
interface StreamBehaviour extends StreamShape {
  readonly kind: 'stream';
  readonly parts: readonly StreamPart[];
}

export type StreamPart =
  | EventPart
  | TextPart
  | { readonly kind: 'wait'; readonly ms: number }
  /** Stops until the request's `release()`. */
  | { readonly kind: 'hold' }
  /** Again and again, for ever. */
  | { readonly kind: 'repeat'; readonly part: EventPart | TextPart; readonly everyMs: number };

export interface EventPart {
  readonly kind: 'event';
  /** The `event:` line; none if absent. */
  readonly name?: string;
  /** A string goes out as it is, anything else as JSON. */
  readonly data: unknown;
}

/** Bytes as they are, not encoded as an event. */
export interface TextPart {
  readonly kind: 'text';
  readonly text: string;
}

/** Where a good answer is left. `mid_delta` is within the bytes of an event. */
export type CutPoint =
  | 'head'
  | 'message_start'
  | 'block_start'
  | 'delta'
  | 'mid_delta'
  | 'block_stop'
  | 'message_delta';

/**
 * A good answer up to a point, what is added there, and the end. A request without `stream` gets the
 * same end in the middle of its JSON (`head`: before its first byte).
 */
export interface CutBehaviour {
  readonly kind: 'cut';
  readonly after: CutPoint;
  readonly add?: readonly StreamPart[];
  readonly ends: StreamEnd;
  readonly of?: Omit<MessageBehaviour, 'kind'>;
}

/** Any HTTP answer of known length. */
export interface HttpBehaviour {
  readonly kind: 'http';
  readonly status: number;
  /** `json` is set as the content type if the body is an object and none is given. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that name a time so far ahead of the provider's clock. */
  readonly times?: Readonly<Record<string, TimeAhead>>;
  /** A string or bytes go out as they are, an object as JSON; default: empty. */
  readonly body?: string | Buffer | object;
  readonly encoding?: ContentEncoding;
  /** Sends only that many bytes of the body that its length promises, then ends so. */
  readonly truncate?: { readonly bytes: number; readonly ends: 'fin' | 'reset' | 'stall' };
  /** `after`: answers at the request's head and reads on. `never`: answers, closes, and does not read the body. */
  readonly readBody?: 'first' | 'after' | 'never';
  readonly delayMs?: number;
}

export interface TimeAhead {
  readonly inSeconds: number;
  readonly as: 'http_date' | 'unix_seconds' | 'iso_date';
}

/** An error whose text repeats the credential that the request carried. */
export interface EchoBehaviour {
  readonly kind: 'echo';
  readonly status: number;
}

/** Faults below HTTP. */
interface BreakBehaviour {
  readonly kind: 'break';
  readonly fault: BreakFault;
}

export type BreakFault =
  | 'reset_before_headers'
  | 'fin_before_headers'
  | 'reset_inside_headers'
  | 'fin_inside_headers'
  /** Reads the request, says nothing, for ever. */
  | 'silence'
  /** A status line, then a header each second, for ever. */
  | 'dripping_headers'
  | 'garbage'
  /** 70 KB of headers before a good answer. */
  | 'huge_headers'
  /** RST only if the connection has already served a request, else a good answer. */
  | 'reset_if_reused';

/** Prepared steps: whatever the kinds above cannot say, and benches that must not compute anything. */
interface ScriptBehaviour {
  readonly kind: 'script';
  readonly steps: readonly Step[];
}

/** What a connection does, one after the other. After the last one the connection waits for the next request. */
export type Step =
  /** `flush`: goes on only when the kernel has taken it. */
  | { readonly do: 'write'; readonly bytes: Buffer; readonly flush?: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'hold' }
  | { readonly do: 'repeat'; readonly bytes: Buffer; readonly everyMs: number }
  | { readonly do: 'fin' }
  /** Closes both directions once everything is written; what the client still sends is answered with RST. */
  | { readonly do: 'close' }
  | { readonly do: 'reset' }
  /** Nothing more, until the client leaves. */
  | { readonly do: 'stall' }
  | { readonly do: 'reset_on_reuse' };
