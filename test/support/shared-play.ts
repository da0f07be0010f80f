import { createBufferBudget } from '../../src/domain/buffer-budget.ts';
import type { Configuration } from '../../src/domain/settings/settings.ts';
import type { RunningEngine } from '../../src/engine/engine.ts';
import type { ClientRequest, Departure, ReplyFlow } from '../../src/engine/interface.ts';
import { CLIENT_PING } from '../../src/protocols/anthropic/client-events.ts';
import type { BalancerEvent } from '../../src/telemetry/events.ts';
import type { Transport, UpstreamRequest, UpstreamSink } from '../../src/upstream/transport.ts';
import { ManualClock } from './manual-clock.ts';
import { configurationOf } from './msw-bench.ts';
import { closeless, openedEngine } from './opened-engine.ts';

/** What a played client asks for. */
export interface Wish {
  readonly stream: boolean;
  readonly pin?: string;
  readonly maxTokens: number;
  readonly bypass?: boolean;
  /** A count of tokens. */
  readonly count?: boolean;
}

/** One upstream request and its answer, played by the test. Each answer has a text of its own. */
export interface PlayedAnswer {
  readonly provider: string;
  readonly number: number;
  readonly stream: boolean;
  readonly maxTokens: number;
  readonly count: boolean;
  /** Why it stopped; undefined: it did not come to its end. */
  readonly stopReason: string | undefined;
  readonly isOver: boolean;
  readonly isPaused: boolean;
  /** What has gone to the balancer. */
  readonly sent: string;
  /** What its whole text is, or would be. */
  text(): string;
  more(): void;
  finish(stopReason?: string): void;
  /** Breaks below HTTP. */
  fail(): void;
  refuse(status: number): void;
}

/** A client whose connection the test plays. */
export interface PlayedClient {
  readonly wish: Wish;
  /** Numbers of the answers that were over when it asked. */
  readonly before: ReadonlySet<number>;
  readonly got: string;
  readonly status: number;
  readonly ending: 'end' | 'cut' | undefined;
  readonly hasLeft: boolean;
  /** Bytes after an end or a departure, or ends after one. */
  readonly surplus: number;
  leave(): void;
  slow(): void;
  resume(): void;
}

/** An engine between played clients and played providers, without a socket and with a clock that stands still. */
export interface SharedPlay {
  readonly engine: RunningEngine;
  readonly clock: ManualClock;
  readonly events: readonly BalancerEvent[];
  readonly answers: readonly PlayedAnswer[];
  booked(): number;
  /** Reads the configuration anew. */
  reload(): void;
  ask(wish: Wish): PlayedClient;
}

const PROVIDERS = ['A', 'B'];

export async function startSharedPlay(
  settings: Readonly<Record<string, unknown>>,
  room = 1_000_000,
): Promise<SharedPlay> {
  const clock = new ManualClock();
  const events: BalancerEvent[] = [];
  const answers: Answer[] = [];
  const buffers = createBufferBudget(() => room);
  const providers = PROVIDERS.map((name) => ({
    name,
    type: 'anthropic',
    base_url: `https://${name}.example`,
    auth_type: 'api_key',
    auth_value: 'key',
  }));
  const configuration = (): Configuration =>
    configurationOf({
      providers,
      settings: { ping_interval: 0, unhealthy_threshold: 1_000, ...settings },
    });
  const engine = await openedEngine({
    configuration: configuration(),
    openTransport: ({ name }) => {
      const transport: Transport = (request, sink) => {
        const answer = new Answer(name, answers.length + 1, request, sink);
        answers.push(answer);
        return answer;
      };
      return closeless(transport);
    },
    clock,
    observe: (event) => events.push(event),
    buffers,
  });
  let count = 0;
  return {
    engine,
    clock,
    events,
    answers,
    booked: () => buffers.used(),
    reload: () => engine.reload(configuration()),
    ask(wish) {
      count += 1;
      const over = answers.filter(({ isOver }) => isOver).map(({ number }) => number);
      const client = new Client(wish, new Set(over));
      const request = requestOf(wish, `req_${count}`, clock.now());
      const { length } = request.body;
      let isBooked = buffers.acquire(length);
      const releaseBody = (): void => {
        if (isBooked) buffers.release(length);
        isBooked = false;
      };
      client.begin(engine, { ...request, releaseBody });
      return client;
    },
  };
}

function requestOf(
  { stream, pin, maxTokens, bypass = false, count = false }: Wish,
  id: string,
  receivedAt: number,
): Omit<ClientRequest, 'releaseBody'> {
  const headers = ['content-type', 'application/json', 'x-claude-code-session-id', 's'];
  if (pin !== undefined) headers.push('x-provider', pin);
  if (bypass) headers.push('x-balancer-cache', 'bypass');
  const body = { model: 'm', max_tokens: maxTokens, stream, messages: [{ role: 'user', content: 'Hi.' }] };
  return {
    id,
    endpoint: count ? 'count_tokens' : 'messages',
    path: count ? '/v1/messages/count_tokens' : '/v1/messages',
    headers,
    caller: 'caller',
    body: Buffer.from(JSON.stringify(body)),
    receivedAt,
  };
}

class Answer implements PlayedAnswer {
  readonly provider: string;
  readonly number: number;
  readonly stream: boolean;
  readonly #sink: UpstreamSink;
  readonly maxTokens: number;
  readonly count: boolean;
  stopReason: string | undefined;
  isOver = false;
  isPaused = false;
  sent = '';
  #pieces = 0;

  constructor(provider: string, number: number, request: UpstreamRequest, sink: UpstreamSink) {
    this.provider = provider;
    this.number = number;
    const body = JSON.parse(String(request.body)) as { stream: boolean; max_tokens: number };
    this.count = request.url.includes('count_tokens');
    this.stream = body.stream && !this.count;
    this.maxTokens = body.max_tokens;
    this.#sink = sink;
  }

  text(): string {
    return Array.from({ length: this.#pieces }, (_, at) => this.#piece(at)).join('');
  }

  more(): void {
    if (this.isOver || this.isPaused) return;
    this.#pieces += 1;
    if (!this.stream) return;
    if (this.#pieces === 1) {
      this.#sink.head(200, ['content-type', 'text/event-stream']);
      const usage = { input_tokens: 1, output_tokens: 1 };
      const message = { id: 'msg', type: 'message', role: 'assistant', model: 'm', content: [], usage };
      this.#event('message_start', { message: { ...message, stop_reason: null, stop_sequence: null } });
      this.#event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
    }
    const delta = { type: 'text_delta', text: this.#piece(this.#pieces - 1) };
    this.#event('content_block_delta', { index: 0, delta });
  }

  finish(stopReason = 'end_turn'): void {
    if (this.isOver || this.isPaused) return;
    if (this.count) {
      this.#sink.head(200, ['content-type', 'application/json']);
      this.#write(`{"input_tokens":${this.number}}`);
      this.#over(() => this.#sink.end());
      return;
    }
    if (this.#pieces === 0) this.more();
    this.stopReason = stopReason;
    const ending = { stop_reason: stopReason, stop_sequence: null };
    if (this.stream) {
      this.#event('content_block_stop', { index: 0 });
      this.#event('message_delta', { delta: ending, usage: { output_tokens: 5 } });
      this.#event('message_stop', {});
    } else {
      this.#sink.head(200, ['content-type', 'application/json']);
      const content = [{ type: 'text', text: this.text() }];
      const usage = { input_tokens: 1, output_tokens: 5 };
      this.#write(JSON.stringify({ id: 'm', type: 'message', role: 'assistant', content, ...ending, usage }));
    }
    this.#over(() => this.#sink.end());
  }

  fail(): void {
    const message = 'reset';
    this.#over(() => this.#sink.fail({ kind: 'reset', message, reusedConnection: false }));
  }

  refuse(status: number): void {
    if (this.isOver || this.sent !== '') return;
    this.#sink.head(status, ['content-type', 'application/json']);
    this.#write('{"type":"error","error":{"type":"api_error","message":"no"}}');
    this.#over(() => this.#sink.end());
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  abort(): void {
    this.isOver = true;
  }

  #over(tell: () => void): void {
    if (this.isOver) return;
    this.isOver = true;
    tell();
  }

  #piece(at: number): string {
    return `[${this.provider}${this.number}.${at}]`;
  }

  #event(type: string, data: object): void {
    this.#write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  }

  /** Like a socket: what is under way when it is paused still comes. */
  #write(text: string): void {
    if (this.isOver) return;
    this.sent += text;
    if (!this.#sink.chunk(Buffer.from(text))) this.isPaused = true;
  }
}

class Client implements PlayedClient {
  readonly wish: Wish;
  readonly before: ReadonlySet<number>;
  readonly #departure = new AbortController();
  #flow: ReplyFlow | undefined;
  #isSlow = false;
  #bytes = '';
  status = 0;
  ending: 'end' | 'cut' | undefined;
  surplus = 0;

  constructor(wish: Wish, before: ReadonlySet<number>) {
    this.wish = wish;
    this.before = before;
  }

  get hasLeft(): boolean {
    return this.#departure.signal.aborted;
  }

  get got(): string {
    return this.#bytes.replaceAll(CLIENT_PING.toString(), '');
  }

  begin(engine: RunningEngine, request: ClientRequest): void {
    const departure: Departure = this.#departure.signal;
    engine.submit(request, departure, ({ status, body }) => {
      if (this.hasLeft) return;
      this.status = status;
      request.releaseBody();
      const isOver = (): boolean => this.hasLeft || this.ending !== undefined;
      const take = (bytes: Buffer): boolean => {
        if (isOver()) this.surplus += 1;
        this.#bytes += bytes.toString();
        return !this.#isSlow;
      };
      const over = (ending: 'end' | 'cut') => () => {
        if (isOver()) this.surplus += 1;
        this.ending = ending;
      };
      if (Buffer.isBuffer(body)) {
        take(body);
        over('end')();
      } else this.#flow = body.pipe({ chunk: take, end: over('end'), cut: over('cut') });
    });
    // The edge gives the body back with the connection.
    departure.addEventListener('abort', () => request.releaseBody(), { once: true });
  }

  leave(): void {
    if (this.ending === undefined) this.#departure.abort();
  }

  slow(): void {
    this.#isSlow = true;
  }

  resume(): void {
    this.#isSlow = false;
    if (!this.hasLeft) this.#flow?.resume();
  }
}
