import { isNamed } from '../domain/header-name.ts';
import type { Reply, ReplyFlow, ReplySink, ReplyStream } from '../engine/interface.ts';
import type { ChatAnswer } from '../protocols/chat-completions/reply.ts';

/** A reply of the engine as a client of Chat Completions gets it. */
export function chatReply(reply: Reply, answer: ChatAnswer): Reply {
  const { status, body } = reply;
  const headers = chatHeaders(reply.headers, answer.requestId);
  if (!Buffer.isBuffer(body)) {
    const type = 'text/event-stream; charset=utf-8';
    const converted = new ConvertedStream(body, answer.stream());
    return { status, headers: ['content-type', type, ...headers], body: converted };
  }
  const whole = answer.whole(status, body, isStream(reply.headers));
  const bytes = typeof whole.body === 'string' ? Buffer.from(whole.body) : whole.body;
  return { status: whole.status, headers: ['content-type', whole.contentType, ...headers], body: bytes };
}

/** Without what speaks of the other protocol and of the other body; `x-request-id` is where OpenAI's clients look for the id. */
function chatHeaders(headers: readonly string[], requestId: string): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const lower = name.toLowerCase();
    if (REPLACED.has(lower) || lower.startsWith('anthropic-')) continue;
    kept.push(name, headers[at + 1] ?? '');
  }
  return [...kept, 'x-request-id', requestId];
}

const REPLACED: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'etag',
  'x-request-id',
]);

function isStream(headers: readonly string[]): boolean {
  const at = headers.findIndex((text, index) => index % 2 === 0 && isNamed(text, 'content-type'));
  return at !== -1 && (headers[at + 1] ?? '').toLowerCase().startsWith('text/event-stream');
}

type Chunks = ReturnType<ChatAnswer['stream']>;

/** A stream converted in passing. Nothing is held but an open event, so the client's pace is the provider's. */
class ConvertedStream implements ReplyStream {
  readonly #source: ReplyStream;
  readonly #chunks: Chunks;

  constructor(source: ReplyStream, chunks: Chunks) {
    this.#source = source;
    this.#chunks = chunks;
  }

  pipe(sink: ReplySink): ReplyFlow {
    const chunks = this.#chunks;
    let ready = true;
    const write = (bytes: Buffer): boolean => {
      // What becomes no event yet says nothing about the client's pace.
      if (bytes.length > 0) ready = sink.chunk(bytes);
      return ready;
    };
    const flow = this.#source.pipe({
      chunk: (bytes) => write(chunks.push(bytes)),
      end: () => {
        write(chunks.finish());
        sink.end();
      },
      // The client is told, and sees the break as well: not everyone looks for errors in a stream.
      cut: () => {
        write(chunks.finish());
        sink.cut();
      },
    });
    return {
      resume: () => {
        ready = true;
        flow.resume();
      },
    };
  }
}
