import type { Clock } from '../../src/domain/time.ts';
import type {
  Transport,
  UpstreamExchange,
  UpstreamRequest,
  UpstreamSink,
} from '../../src/upstream/transport.ts';
import { seeded, seedOf } from './chance.ts';
import { type Asked, type Move, scriptOf } from './script.ts';
import { type Fate, fateOf, type Weather } from './weather.ts';

/** What came of the network's side of a run. */
export interface NetworkWatch {
  /** A provider has got a request. `key`: the credential that came with it. */
  sent(provider: string, label: string, fate: Fate, key: string | undefined): void;
}

/** All providers, played: what each answers depends on its weather and on a seed of each exchange's own. */
export class SimulatedNetwork {
  readonly weather = new Map<string, Weather>();
  /** Exchanges under way. */
  open = 0;
  readonly #clock: Clock;
  readonly #seed: number;
  readonly #watch: NetworkWatch;
  readonly #asked = new Map<string, number>();
  #exchanges = 0;

  constructor(clock: Clock, seed: number, watch: NetworkWatch) {
    this.#clock = clock;
    this.#seed = seed;
    this.#watch = watch;
  }

  readonly transport: Transport = (request, sink) => {
    const provider = new URL(request.url).hostname.split('.')[0] ?? '';
    const text = request.body?.toString() ?? '{}';
    const { number, stream = false } = JSON.parse(text) as { number: number; stream?: boolean };
    const nth = (this.#asked.get(`${provider}/${number}`) ?? 0) + 1;
    this.#asked.set(`${provider}/${number}`, nth);
    const random = seeded(seedOf(this.#seed, provider, number, nth));
    const fate = fateOf(this.weather.get(provider) ?? 'fine', random);
    this.#exchanges += 1;
    const label = `${provider}.${this.#exchanges}`;
    this.#watch.sent(provider, label, fate, headerOf(request, 'x-api-key'));
    const asked: Asked = {
      stream,
      count: request.url.includes('count_tokens'),
      isReduced: !text.includes('"context_management"'),
      isFresh: request.fresh === true,
      isRepaired: !text.includes('"signature"'),
      label,
    };
    this.open += 1;
    return new PlayedExchange(scriptOf(fate, asked, random), sink, this.#clock, () => {
      this.open -= 1;
    });
  };
}

function headerOf({ headers }: UpstreamRequest, name: string): string | undefined {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at === -1 ? undefined : headers[at + 1];
}

/** One exchange that follows its script, and keeps to the transport's contract: nothing after an abort, nothing while paused. */
class PlayedExchange implements UpstreamExchange {
  readonly #moves: readonly Move[];
  readonly #sink: UpstreamSink;
  readonly #clock: Clock;
  readonly #over: () => void;
  #next = 0;
  #timer: unknown;
  #isPaused = false;
  /** Its next move is due, and it is paused. */
  #isDue = false;
  #isOver = false;

  constructor(moves: readonly Move[], sink: UpstreamSink, clock: Clock, over: () => void) {
    this.#moves = moves;
    this.#sink = sink;
    this.#clock = clock;
    this.#over = over;
    this.#schedule();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isDue || this.#isOver) return;
    this.#isDue = false;
    this.#timer = this.#clock.setTimeout(() => this.#move(), 0);
  }

  abort(): void {
    this.#end();
  }

  #schedule(): void {
    const move = this.#moves[this.#next];
    // It keeps its connection open, and says nothing more.
    if (move === undefined || this.#isOver) return;
    this.#timer = this.#clock.setTimeout(() => this.#move(), move.afterMs);
  }

  #move(): void {
    if (this.#isPaused) {
      this.#isDue = true;
      return;
    }
    const act = this.#moves[this.#next]?.act;
    this.#next += 1;
    switch (act?.kind) {
      case 'head':
        this.#sink.sent?.();
        this.#sink.head(act.status, act.headers);
        break;
      case 'chunk':
        if (!this.#sink.chunk(act.bytes)) this.pause();
        break;
      case 'end':
        this.#end();
        this.#sink.end();
        return;
      case 'fail':
        this.#end();
        this.#sink.fail(act.failure);
        return;
      default:
    }
    this.#schedule();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clock.clearTimeout(this.#timer);
    this.#over();
  }
}
