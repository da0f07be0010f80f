import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** One event of a received stream; `name` is absent without an `event:` line. */
interface ReceivedEvent {
  readonly name?: string;
  readonly data: string;
}

export interface PostOptions {
  readonly method?: string;
  /** Default: `content-type: application/json` and a dummy `x-api-key`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is a string or bytes. */
  readonly body?: unknown;
  /** After how long any of the waits below rejects, ms; default 15,000. */
  readonly deadlineMs?: number;
  /** PEM of an authority to trust. */
  readonly ca?: string;
  readonly agent?: Agent;
  /** Decode `content-encoding` gzip, deflate and br; default: bytes as they came. */
  readonly decode?: boolean;
}

/** How an answer ended: as HTTP wants it, cut off in the middle, or torn down by `abort()`. */
type AnswerEnd = 'complete' | 'cut' | 'aborted';

/** A request on its way. Every wait rejects at the deadline, or when the request fails before it comes true. */
export interface Exchange {
  /** Resolves with the status when the headers are there. */
  readonly head: Promise<AnswerHead>;
  /** Resolves with the n-th event (from 0). Rejects if the answer ends before. */
  event(index: number): Promise<ReceivedEvent>;
  /** Resolves when the text received so far holds `part`. */
  text(part: string): Promise<void>;
  /** Resolves when nothing more can come. Rejects only if no headers came at all. */
  readonly end: Promise<Answer>;
  /** What came so far, in order of arrival. */
  readonly chunks: readonly Buffer[];
  abort(): void;
  pause(): void;
  resume(): void;
}

interface AnswerHead {
  readonly status: number;
  /** Flat list in wire order and case. */
  readonly rawHeaders: readonly string[];
  header(name: string): string | undefined;
}

export interface Answer extends AnswerHead {
  readonly end: AnswerEnd;
  readonly body: Buffer;
  readonly text: string;
  readonly chunks: readonly Buffer[];
  readonly events: readonly ReceivedEvent[];
  json(): unknown;
}

const DEFAULT_DEADLINE_MS = 15_000;
const DEFAULT_HEADERS = { 'content-type': 'application/json', 'x-api-key': 'client-key' };

/** Sends a request as a plain Node client does; nothing is decoded, followed or repeated. */
export function send(url: string, options: PostOptions = {}): Exchange {
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const chunks: Buffer[] = [];
  const watchers = new Set<() => void>();
  const notify = (): void => {
    for (const watch of [...watchers]) watch();
  };
  let response: IncomingMessage | undefined;
  let failure: Error | undefined;
  let ended: AnswerEnd | undefined;
  let aborted = false;

  const request = open(url, options);
  request.on('response', (incoming) => {
    response = incoming;
    const source = options.decode === true ? decoded(incoming) : incoming;
    source.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      notify();
    });
    source.on('error', () => undefined);
    source.on('close', () => {
      ended = aborted ? 'aborted' : incoming.complete ? 'complete' : 'cut';
      notify();
    });
    notify();
  });
  request.on('error', (error) => {
    failure = error;
    notify();
  });
  request.end(bodyOf(options.body));

  /** Resolves with the first value that `look` finds; looks again whenever something came. */
  function until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(deadline);
        watchers.delete(watch);
        act();
      };
      const watch = (): void => {
        const found = look();
        if (found !== undefined) settle(() => resolve(found));
        else if (failure && !response) settle(() => reject(failure));
        else if (ended) settle(() => reject(new Error(`the answer ended (${ended}) before ${what}`)));
      };
      const deadline = setTimeout(
        () => settle(() => reject(new Error(`no ${what} within ${deadlineMs} ms`))),
        deadlineMs,
      );
      watchers.add(watch);
      watch();
    });
  }

  const exchange: Exchange = {
    head: until('headers', () => response && headOf(response)),
    event: (index) => until(`event ${index}`, () => parseEvents(textOf(chunks))[index]),
    text: (part) =>
      until(`the text ${part}`, () => (textOf(chunks).includes(part) ? true : undefined)).then(
        () => undefined,
      ),
    end: until('end', () => (response && ended ? answerOf(response, chunks, ended) : undefined)),
    chunks,
    abort: () => {
      aborted = true;
      request.destroy();
    },
    pause: () => void response?.pause(),
    resume: () => void response?.resume(),
  };
  // Whoever does not ask for these two must not be killed by their rejection.
  exchange.head.catch(() => undefined);
  exchange.end.catch(() => undefined);
  return exchange;
}

/** Sends and waits for the whole answer. */
export function fetchAnswer(url: string, options: PostOptions = {}): Promise<Answer> {
  return send(url, options).end;
}

/** The events in a text that may end within one; only complete events are given. */
function parseEvents(text: string): readonly ReceivedEvent[] {
  const blocks = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').split('\n\n').slice(0, -1);
  return blocks.flatMap((block) => {
    const lines = block.split('\n');
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart());
    const name = lines
      .find((line) => line.startsWith('event:'))
      ?.slice(6)
      .trim();
    if (data.length === 0 && name === undefined) return [];
    return [{ data: data.join('\n'), ...(name === undefined ? {} : { name }) }];
  });
}

/** The smallest sensible body of a Messages request. */
export function messagesBody(
  fields: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    model: 'claude-sonnet-5-5',
    max_tokens: 1024,
    stream: true,
    messages: [{ role: 'user', content: 'Say hello.' }],
    ...fields,
  };
}

function open(url: string, options: PostOptions): ClientRequest {
  const settings = {
    method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
    headers: { ...DEFAULT_HEADERS, ...options.headers },
    ...(options.agent === undefined ? { agent: false } : { agent: options.agent }),
  } as const;
  if (!url.startsWith('https:')) return httpRequest(url, settings);
  return httpsRequest(url, { ...settings, ...(options.ca === undefined ? {} : { ca: options.ca }) });
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The body with its `content-encoding` undone; a broken one destroys the result as it does the answer. */
function decoded(incoming: IncomingMessage): Readable {
  const decoder = DECODERS[incoming.headers['content-encoding'] ?? '']?.();
  if (!decoder) return incoming;
  incoming.on('error', () => decoder.destroy());
  return incoming.pipe(decoder);
}

function bodyOf(body: unknown): string | Buffer | undefined {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return body;
  return JSON.stringify(body);
}

function headOf(response: IncomingMessage): AnswerHead {
  return {
    status: response.statusCode ?? 0,
    rawHeaders: response.rawHeaders,
    header: (name) => {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}

function answerOf(response: IncomingMessage, chunks: readonly Buffer[], end: AnswerEnd): Answer {
  const body = Buffer.concat(chunks);
  const text = body.toString();
  return {
    ...headOf(response),
    end,
    body,
    text,
    chunks,
    events: parseEvents(text),
    json: () => JSON.parse(text),
  };
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString();
}
