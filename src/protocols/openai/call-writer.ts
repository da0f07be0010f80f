import type { BlockWriter } from './block-writer.ts';
import type { CallFragment } from './call-fragment.ts';
import { CallTable, type GrowingCall } from './call-table.ts';
import type { Compat } from './compat.ts';
import type { Asked } from './request.ts';
import { ClientToolIds } from './tool-ids.ts';

interface CallOptions {
  readonly compat: Pick<Compat, 'cumulativeArguments'>;
  readonly asked: Pick<Asked, 'names' | 'toolUseIds'>;
  readonly seed: string;
}

/**
 * Writes the calls of an answer, one block at a time: the first goes out as it comes, the next ones wait until it is whole and
 * another has begun. Nothing half-done is closed.
 */
export class CallWriter {
  readonly #table: CallTable;
  readonly #options: CallOptions;
  readonly #ids: ClientToolIds;
  readonly #closed = new Set<GrowingCall>();
  /** Calls whose missing brackets were added. */
  readonly #mended = new Set<GrowingCall>();
  /** The ids that the client has got. */
  readonly #given = new Map<GrowingCall, string>();
  #open: GrowingCall | undefined;
  #atLimit = false;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#table = new CallTable(options.compat.cumulativeArguments);
    this.#ids = new ClientToolIds(options.asked.toolUseIds, options.seed);
  }

  get count(): number {
    return this.#table.calls.length;
  }

  /** What the provider attached to calls and wants back, by the client's id. */
  get extras(): ReadonlyMap<string, unknown> {
    const extras = [...this.#given].map(([call, id]) => [id, call.extra] as const);
    return new Map(extras.filter(([, extra]) => extra !== undefined));
  }

  /** Some call's arguments are no JSON. */
  get failed(): boolean {
    return this.#table.calls.some((call) => call.reader.state === 'broken');
  }

  add(fragment: CallFragment): void {
    this.#table.add(fragment);
  }

  /** Writes what is certain. @param leave closes whatever other block is open. */
  write(writer: BlockWriter, leave: () => void): void {
    const calls = this.#table.calls;
    if (this.failed) return;
    for (const [at, call] of calls.entries()) {
      if (this.#closed.has(call)) continue;
      // Its name is complete when its arguments have begun, and an id that has not come by then is made.
      if (call.name === '' || (this.#open !== call && call.pending === '')) return;
      if (this.#open !== call) this.#start(call, writer, leave);
      this.#flush(call, writer);
      if (call.reader.state !== 'complete' || at === calls.length - 1) return;
      this.#close(call, writer);
    }
  }

  /**
   * Nothing more comes. `cut`: a call lacks its end, be it that the provider calls the answer complete.
   * @param atLimit the answer stopped at its limit, so that nothing is guessed.
   */
  judge(atLimit: boolean): 'whole' | 'cut' | 'broken' {
    let cut = false;
    this.#atLimit = atLimit;
    for (const call of this.#table.calls) {
      if (call.reader.state !== 'complete') call.pending += call.reader.finish();
      const { state } = call.reader;
      if (state === 'broken' || (call.name === '' && state !== 'empty')) return 'broken';
      if (state === 'open' && (atLimit || !this.#mend(call))) cut = true;
      if (state === 'empty' && this.#mayLackAll(call)) cut = true;
    }
    return cut ? 'cut' : 'whole';
  }

  /** All calls, after `judge`. One that was cut goes out only if it has begun, as far as it came: that does not parse. */
  writeAll(writer: BlockWriter, leave: () => void): void {
    const all = this.#table.ordered().filter((call) => !this.#closed.has(call));
    const open = this.#open === undefined ? [] : [this.#open];
    for (const call of [...open, ...all.filter((each) => each !== this.#open)]) {
      if (call.name === '') continue;
      const { state } = call.reader;
      const whole =
        state === 'complete' || this.#mended.has(call) || (state === 'empty' && !this.#mayLackAll(call));
      if (this.#open !== call) {
        if (!whole) continue;
        this.#start(call, writer, leave);
      }
      this.#flush(call, writer);
      this.#close(call, writer);
    }
  }

  /** At the limit, the last call may have been cut before its arguments. */
  #mayLackAll(call: GrowingCall): boolean {
    return this.#atLimit && call === this.#table.calls.at(-1);
  }

  #mend(call: GrowingCall): boolean {
    const closing = call.reader.closing();
    if (closing === undefined) return false;
    call.pending += closing;
    this.#mended.add(call);
    return true;
  }

  #start(call: GrowingCall, writer: BlockWriter, leave: () => void): void {
    leave();
    const id = this.#ids.next(call.id);
    this.#given.set(call, id);
    writer.tool(id, this.#options.asked.names.toClient(call.name));
    this.#open = call;
  }

  #flush(call: GrowingCall, writer: BlockWriter): void {
    if (call.pending !== '') writer.input(call.pending);
    call.pending = '';
  }

  #close(call: GrowingCall, writer: BlockWriter): void {
    writer.close([]);
    this.#closed.add(call);
    this.#open = undefined;
  }
}
