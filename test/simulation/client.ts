import type { Clock } from '../../src/domain/time.ts';
import type { Reply, ReplyFlow } from '../../src/engine/interface.ts';
import { MARKS } from './script.ts';

/** What a client finds wrong with its answer. */
export type Complaint = (invariant: 'spliced' | 'whole', what: string) => void;

/** A client that reads a reply, and looks at every piece of it. */
export class SimulatedClient {
  /** Wall clock ms of the first thing that was an answer. */
  answeredAt: number | undefined;
  ending: 'end' | 'cut' | undefined;
  status: number | undefined;
  readonly #clock: Clock;
  readonly #readsForMs: number;
  /** A provider's ping counts as its answer (`streaming_mode: direct`). */
  readonly #takesPings: boolean;
  readonly #complain: Complaint;
  readonly #ended: () => void;
  #text = '';
  #looked = 0;
  #label: string | undefined;
  #isStream = false;
  #count = 0;
  #expected = 0;

  constructor(
    clock: Clock,
    habits: { readonly readsForMs: number; readonly takesPings: boolean },
    complain: Complaint,
    ended: () => void,
  ) {
    this.#clock = clock;
    this.#readsForMs = habits.readsForMs;
    this.#takesPings = habits.takesPings;
    this.#complain = complain;
    this.#ended = ended;
  }

  /** Whose answer it got. */
  get label(): string | undefined {
    return this.#label;
  }

  take({ status, body }: Reply): void {
    this.status = status;
    if (Buffer.isBuffer(body)) {
      this.#read(body);
      this.#end('end');
      return;
    }
    this.#isStream = true;
    let flow: ReplyFlow | undefined;
    flow = body.pipe({
      chunk: (bytes) => {
        this.#read(bytes);
        if (this.#readsForMs === 0) return true;
        this.#clock.setTimeout(() => flow?.resume(), this.#readsForMs);
        return false;
      },
      end: () => this.#end('end'),
      cut: () => this.#end('cut'),
    });
  }

  #read(bytes: Buffer): void {
    if (this.ending !== undefined) this.#complain('whole', 'a piece came after the end');
    this.#text += bytes.toString('latin1');
    if (this.#takesPings || !this.#text.endsWith('"type":"ping"}\n\n')) this.answeredAt ??= this.#clock.now();
    MARKS.lastIndex = this.#looked;
    for (let found = MARKS.exec(this.#text); found !== null; found = MARKS.exec(this.#text)) {
      this.#looked = MARKS.lastIndex;
      this.#seen(found[1] ?? '', Number(found[2]), Number(found[3]));
    }
  }

  /** Pieces of one answer, each once and in order. */
  #seen(label: string, index: number, count: number): void {
    this.#label ??= label;
    this.#count = count;
    if (label !== this.#label)
      this.#complain('spliced', `a piece of ${label} came after those of ${this.#label}`);
    else if (index !== this.#expected)
      this.#complain('spliced', `piece ${index} of ${label} came where ${this.#expected} was due`);
    this.#expected = index + 1;
  }

  #end(ending: 'end' | 'cut'): void {
    if (this.ending !== undefined) this.#complain('whole', `it ended twice: ${this.ending}, ${ending}`);
    this.ending = ending;
    const isAnswer = this.#label !== undefined && !/"type":\s*"error"/.test(this.#text);
    const ended = `it ended after ${this.#expected} of ${this.#count} pieces`;
    if (ending === 'end' && isAnswer && this.#expected < this.#count)
      this.#complain('whole', `${ended} as if it were whole`);
    else if (ending === 'end' && isAnswer && this.#isStream && !this.#text.includes('"type":"message_stop"'))
      this.#complain('whole', `${ended} and without a message_stop as if it were whole`);
    this.#ended();
  }
}
