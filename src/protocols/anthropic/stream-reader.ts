import type { Usage } from '../../domain/failures/outcome.ts';
import { isRecord } from '../../domain/is-record.ts';
import { parseJson, parseRecord } from '../../domain/json.ts';
import { eventData, type SseEvent } from '../../sse/event.ts';
import { createScanner, type SseScanner } from '../../sse/scanner.ts';
import { type BodyForm, formOf } from './body-form.ts';
import { blockHoldsContent, deltaHoldsContent } from './content.ts';
import { type ErrorPayload, readErrorPayload, readErrorText } from './error-payload.ts';
import { isKnownEvent, namedType, writesNoType } from './event-type.ts';
import { plainDeltas } from './plain-deltas.ts';
import { mergeUsage } from './usage.ts';
import { usualBlock, usualContent } from './usual-events.ts';

/**
 * What is known of an answer so far. One object a reader, changed by each `push`: read it at once, keep none of it but
 * the values. Unless said otherwise a fact stays once it is true.
 */
export interface StreamFacts {
  readonly form: BodyForm;
  readonly messageStart: boolean;
  /** The first content has come (`docs/failures.md`): the moment to commit. */
  readonly firstContent: boolean;
  /** Seen in a `message_delta`: from here on the answer is a success, whatever happens to the socket. */
  readonly stopReason: string | undefined;
  readonly messageStop: boolean;
  /** Offset in the chunk pushed last, just after `message_stop`; -1 if that is not where it ended. */
  readonly messageStopEnd: number;
  /** An error event, of whatever shape. Nothing after it is read. */
  readonly error: ErrorPayload | undefined;
  /** Why this is no Anthropic stream, in words without its content. Nothing after it is read. */
  readonly malformed: string | undefined;
  /** Events of the chunk pushed last: those that feed the timer of the start … */
  readonly events: number;
  /** … and pings and comments, which don't. */
  readonly pings: number;
  /** Absent until a `message_start` or `message_delta` said something. */
  readonly usage: Usage | undefined;
  /** No event is open after the chunk pushed last: bytes of our own may follow. */
  readonly atBoundary: boolean;
  /** Offset in the chunk pushed last up to which it ends whole events. */
  readonly boundary: number;
  /** Events came without their `event:` lines, which Claude Code does not understand: see `event-lines.ts`. */
  readonly needsEventLines: boolean;
}

export interface StreamReader {
  push(chunk: Buffer): StreamFacts;
  /** The body has ended: reads an event that lacks its blank line. */
  finish(): StreamFacts;
  readonly facts: StreamFacts;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Reads along an upstream's streamed answer and rewrites nothing. Parses `message_start`, `message_delta` and `error`, and until the first
 * content those blocks and deltas that are not spelled as usual; of other events it looks at the first and last byte.
 */
export function createStreamReader(): StreamReader {
  return new Reader();
}

class Reader implements StreamReader {
  readonly #scanner: SseScanner = createScanner();
  readonly #facts: Mutable<StreamFacts> = {
    form: 'unknown',
    messageStart: false,
    firstContent: false,
    stopReason: undefined,
    messageStop: false,
    messageStopEnd: -1,
    error: undefined,
    malformed: undefined,
    events: 0,
    pings: 0,
    usage: undefined,
    atBoundary: true,
    boundary: 0,
    needsEventLines: false,
  };

  get facts(): StreamFacts {
    return this.#facts;
  }

  push(chunk: Buffer): StreamFacts {
    const facts = this.#facts;
    facts.messageStopEnd = -1;
    facts.events = 0;
    facts.pings = 0;
    if (facts.form === 'unknown') facts.form = formOf(chunk);
    if (facts.form === 'json' || facts.form === 'html') return facts;
    if (this.#passesDeltas && this.#scanner.atBoundary) {
      facts.events = plainDeltas(chunk);
      if (facts.events > 0) {
        facts.atBoundary = true;
        facts.boundary = chunk.length;
        return facts;
      }
    }
    for (const event of this.#scanner.push(chunk)) this.#read(event);
    facts.atBoundary = this.#scanner.atBoundary;
    facts.boundary = this.#scanner.boundary;
    return facts;
  }

  /** Between the first content and the end a delta says nothing new. */
  get #passesDeltas(): boolean {
    const { firstContent, messageStop, error, malformed } = this.#facts;
    return firstContent && !messageStop && error === undefined && malformed === undefined;
  }

  finish(): StreamFacts {
    const facts = this.#facts;
    facts.messageStopEnd = -1;
    facts.events = 0;
    facts.pings = 0;
    facts.boundary = 0;
    // Taken before what is open is read: a client has got half of it.
    facts.atBoundary = this.#scanner.atBoundary;
    const rest = this.#scanner.finish();
    // Half an event is a cut, not a mistake of whoever wrote it.
    if (rest !== undefined && (rest.type === 'error' || isWhole(rest))) this.#read(rest);
    return facts;
  }

  #read(event: SseEvent): void {
    const facts = this.#facts;
    if (facts.messageStop || facts.error !== undefined || facts.malformed !== undefined) return;
    if (event.kind === 'comment') {
      facts.pings++;
      return;
    }
    const type = writesNoType(event.type) ? this.#typeInData(event) : event.type;
    if (type === undefined) return;
    if (type === 'ping') {
      facts.pings++;
      return;
    }
    facts.events++;
    if (!isKnownEvent(type)) return;
    if (type === 'error') {
      facts.error = readErrorText(eventData(event));
    } else if (!event.truncated && !isBraced(event)) {
      facts.malformed = `the data of a ${type} event is no JSON object`;
    } else {
      this.#readKnown(type, event);
    }
  }

  #typeInData(event: SseEvent): string | undefined {
    const type = namedType(event);
    const facts = this.#facts;
    if (type.kind === 'named') {
      if (isKnownEvent(type.name) && type.name !== 'error') facts.needsEventLines = true;
      return type.name;
    }
    // In a stream that has begun with its event lines, clients pass over an event without one, whatever is in it.
    if (type.kind === 'none') facts.pings++;
    else if (type.kind === 'unreadable' && (!facts.messageStart || facts.needsEventLines)) {
      facts.malformed = 'an event that is no JSON';
    } else if (type.kind === 'nameless' && !facts.messageStart) {
      facts.malformed = 'an event without a type: no Anthropic stream';
    }
    return undefined;
  }

  #readKnown(type: string, event: SseEvent): void {
    const facts = this.#facts;
    if (type === 'message_start') {
      this.#start(event);
      return;
    }
    if (!facts.messageStart) {
      facts.malformed = `a ${type} event before message_start`;
      return;
    }
    switch (type) {
      case 'message_delta':
        this.#delta(event);
        break;
      case 'message_stop':
        facts.messageStop = true;
        facts.messageStopEnd = event.end;
        break;
      case 'content_block_stop':
        facts.firstContent = true;
        break;
      default:
        if (!facts.firstContent) this.#content(type, event);
    }
  }

  #start(event: SseEvent): void {
    const facts = this.#facts;
    const data = this.#parse('message_start', event);
    if (data === undefined) return;
    const error = readErrorPayload(data);
    if (error !== undefined) {
      facts.error = error;
    } else if (isRecord(data.message)) {
      facts.messageStart = true;
      facts.usage = mergeUsage(facts.usage, data.message.usage);
    } else {
      facts.malformed = 'a message_start event without a message';
    }
  }

  #delta(event: SseEvent): void {
    const facts = this.#facts;
    const data = this.#parse('message_delta', event);
    if (data === undefined) return;
    facts.usage = mergeUsage(facts.usage, data.usage);
    const delta = data.delta;
    const reason = isRecord(delta) ? delta.stop_reason : undefined;
    if (typeof reason !== 'string' || reason === '') return;
    facts.stopReason = reason;
    // The proper end of a message, be it one without content.
    facts.firstContent = true;
  }

  /** Before the commit: `content_block_start` and `content_block_delta`. */
  #content(type: string, event: SseEvent): void {
    const known =
      event.truncated || (type === 'content_block_start' ? usualBlock(event) : usualContent(event));
    if (known !== undefined) {
      this.#facts.firstContent = known;
      return;
    }
    const data = this.#parse(type, event);
    if (data === undefined) return;
    this.#facts.firstContent =
      type === 'content_block_start' ? blockHoldsContent(data.content_block) : deltaHoldsContent(data.delta);
  }

  #parse(type: string, event: SseEvent): Record<string, unknown> | undefined {
    const data = parseRecord(eventData(event));
    if (data === undefined) this.#facts.malformed = `the data of a ${type} event is no JSON object`;
    return data;
  }
}

function isBraced(event: SseEvent): boolean {
  let last = event.dataEnd - 1;
  while (event.bytes[last] === 0x20) last--;
  return event.bytes[event.dataStart] === OPEN_BRACE && event.bytes[last] === CLOSE_BRACE;
}

function isWhole(event: SseEvent): boolean {
  return parseJson(eventData(event)) !== undefined;
}
