import { type HttpHandler, HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { parseConfiguration } from '../../src/config/parse.ts';
import { createBufferBudget } from '../../src/domain/buffer-budget.ts';
import type { Configuration } from '../../src/domain/settings/settings.ts';
import type { RunningEngine } from '../../src/engine/engine.ts';
import type { ClientRequest, Reply } from '../../src/engine/interface.ts';
import type { BalancerEvent } from '../../src/telemetry/events.ts';
import { fetchTransport } from './fetch-transport.ts';
import { ManualClock } from './manual-clock.ts';
import { closeless, openedEngine, replyOf } from './opened-engine.ts';

/** An engine between a test's calls and providers played by msw: no socket is opened. */
export interface MswBench {
  readonly engine: RunningEngine;
  readonly clock: ManualClock;
  readonly events: readonly BalancerEvent[];
  /** Bytes booked in the buffers. */
  buffered(): number;
  /** Submits a Messages request and reads the whole reply. */
  ask(changes?: AskOptions): Promise<WholeAnswer>;
}

export interface AskOptions {
  readonly endpoint?: ClientRequest['endpoint'];
  readonly path?: string;
  /** Added to the client's own. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface WholeAnswer {
  readonly status: number;
  readonly body: string;
  readonly ending: 'whole' | 'end' | 'cut';
  header(name: string): string | undefined;
  json(): unknown;
}

/** What a played provider has received. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

export interface PlayedProvider {
  readonly name: string;
  readonly url: string;
  readonly received: Received[];
}

const DEADLINE_MS = 5_000;

/** Plays providers by msw and refuses every other request. To be called at the top of a test file. */
export function usePlayedProviders(): (
  name: string,
  answer: (request: Received, count: number) => Response,
) => PlayedProvider {
  const server = setupServer();
  beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
  afterEach(() => server.resetHandlers());
  afterAll(() => server.close());
  return (name, answer) => {
    const url = `https://${name}.example/base`;
    const received: Received[] = [];
    const record = async ({ request }: { request: Request }): Promise<Response> => {
      const { method, headers } = request;
      const seen = { method, url: request.url, headers, body: await request.text() };
      received.push(seen);
      return answer(seen, received.length);
    };
    const handlers: HttpHandler[] = [http.post(`${url}/*`, record), http.get(`${url}/*`, record)];
    server.use(...handlers);
    return { name, url, received };
  };
}

export function keyOf(name: string): string {
  return `sk-secret-of-${name}-0123456789`;
}

/** The provider's entry in the configuration file. */
export function entryOf(
  { name, url }: PlayedProvider,
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    name,
    type: 'anthropic',
    base_url: url,
    auth_type: 'api_key',
    auth_value: keyOf(name),
    ...changes,
  };
}

export interface BenchFile {
  readonly providers: readonly Readonly<Record<string, unknown>>[];
  readonly model_routes?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export function configurationOf(file: BenchFile): Configuration {
  const settings = { hold_while_cooling: 0, sticky_provider_duration: 0, ...file.settings };
  const parsed = parseConfiguration(JSON.stringify({ ...file, settings }), { env: {} });
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'));
  return parsed.configuration;
}

/** Builds engines that are stopped after each test. To be called at the top of a test file. */
export function useMswBench(): (file: BenchFile) => Promise<MswBench> {
  const running: RunningEngine[] = [];
  afterEach(async () => {
    for (const engine of running.splice(0)) await engine.stop();
  });
  return async (file) => {
    const clock = new ManualClock();
    const events: BalancerEvent[] = [];
    const buffers = createBufferBudget(() => 1024 * 1024 * 1024);
    const engine = await openedEngine({
      configuration: configurationOf(file),
      openTransport: () => closeless(fetchTransport),
      clock,
      observe: (event) => events.push(event),
      buffers,
    });
    running.push(engine);
    let count = 0;
    return {
      engine,
      clock,
      events,
      buffered: () => buffers.used(),
      async ask(options = {}) {
        count += 1;
        const request = clientRequest(`req_${count}`, options, clock.now());
        buffers.acquire(request.body.length);
        const releaseBody = (): void => buffers.release(request.body.length);
        const reply = await within('the reply', replyOf(engine, { ...request, releaseBody }));
        return wholeAnswer(reply);
      },
    };
  };
}

/** The headers of a client that holds a key of its own. */
export const CLIENT_KEY = 'sk-of-the-client-0123456789';
const CLIENT_HEADERS = {
  'Content-Type': 'application/json',
  'User-Agent': 'claude-cli/2.1.329 (external, cli)',
  'X-Api-Key': CLIENT_KEY,
  'anthropic-version': '2023-06-01',
};

/** Odd spacing, order and characters, so that a re-encoded copy would differ. */
export const BODY = `{ "max_tokens":1024,"model" : "claude-sonnet-5-5",\n "messages":[{"role":"user","content":"Grüß dich \\u00e4 “quoted”"}],  "stream":false, "x_unknown":[1.50, null] }`;
export const STREAM_BODY = BODY.replace('"stream":false', '"stream":true');

export function clientRequest(id: string, options: AskOptions, receivedAt: number): ClientRequest {
  const { endpoint = 'messages', body = BODY, headers = {} } = options;
  const path = endpoint === 'messages' ? '/v1/messages?beta=true' : '/v1/messages/count_tokens?beta=true';
  return {
    id,
    endpoint,
    path: options.path ?? path,
    headers: Object.entries({ ...CLIENT_HEADERS, ...headers }).flat(),
    caller: '',
    body: Buffer.from(body),
    releaseBody: () => {},
    receivedAt,
  };
}

export async function wholeAnswer({ status, headers, body }: Reply): Promise<WholeAnswer> {
  const header = (name: string): string | undefined => {
    const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
    return at < 0 ? undefined : headers[at + 1];
  };
  const read = Buffer.isBuffer(body)
    ? { text: body.toString(), ending: 'whole' as const }
    : await piped(body);
  return { status, header, body: read.text, ending: read.ending, json: () => JSON.parse(read.text) };
}

function piped(stream: Exclude<Reply['body'], Buffer>): Promise<{ text: string; ending: 'end' | 'cut' }> {
  const chunks: Buffer[] = [];
  return within(
    'the end of the stream',
    new Promise((resolve) => {
      const ended = (ending: 'end' | 'cut') => () =>
        resolve({ text: Buffer.concat(chunks).toString(), ending });
      stream.pipe({ chunk: (bytes) => chunks.push(bytes) > 0, end: ended('end'), cut: ended('cut') });
    }),
  );
}

export function within<T>(what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: not within ${DEADLINE_MS} ms`)), DEADLINE_MS);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-5-5',
  content: [{ type: 'text', text: 'Hello.' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 2 },
};

/** A good whole answer. */
export function message(init: ResponseInit = {}): Response {
  return new HttpResponse(JSON.stringify(MESSAGE), {
    ...init,
    headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
  });
}

const EVENTS = [
  { type: 'message_start', message: { ...MESSAGE, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello.' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
];

/** The bytes of a good stream. */
export const STREAM_TEXT = EVENTS.map(
  (event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
).join('');

export function stream(text: string = STREAM_TEXT): Response {
  return new HttpResponse(text, { headers: { 'content-type': 'text/event-stream' } });
}

/** An error in Anthropic's envelope. */
export function failure(status: number, type: string, words: string, headers = {}): Response {
  return new HttpResponse(JSON.stringify({ type: 'error', error: { type, message: words } }), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}
