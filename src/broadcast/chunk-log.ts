import type { BufferBudget } from '../domain/buffer-budget.ts';

/** What a chunk by itself costs beside its bytes: 107 bytes as a view, 216 with memory of its own (measured on Node 20). */
export const CHUNK_COST = 224;
/** What it costs packed together with others, beside the memory they share: where it ends, and whether an event ends there. Bytes. */
export const PACKED_COST = 32;

/** Memory for packed chunks: little at first, for most answers are short, then twice as much each time. Bytes. */
export const FIRST_SLAB = 2 * 1024;
const LARGEST_SLAB = 64 * 1024;
/** A larger chunk is not worth copying. Bytes. */
const LARGEST_PACKED = 8 * 1024;

/** So many pieces of memory that everyone has are worth taking out one by one. */
const TRIMMED_AT_ONCE = 64;

/** Memory that holds chunks in a row: many small ones, or one by itself. */
interface Slab {
  readonly memory: Buffer;
  /** Count of its first chunk. */
  readonly first: number;
  /** Where each chunk ends. */
  readonly ends: number[];
  /** Whether an event ends with each. */
  readonly boundaries: boolean[];
  used: number;
  /** Booked for it and what it holds, bytes. */
  booked: number;
}

/**
 * The chunks of a broadcast that somebody may still want, stored once for all. Chunks are counted from the broadcast's
 * beginning, whatever was forgotten since. What is stored is booked.
 *
 * Those that are kept for long are copied into memory that holds many of them: as objects of their own they were what the
 * collections of the young generation copied, a sixteenth of the CPU time of a stream (docs/performance.md).
 */
export class ChunkLog {
  readonly #buffers: BufferBudget;
  #slabs: Slab[] = [];
  #end = 0;
  /** The chunk that came last, as it came: whoever follows a broadcast mostly wants this one. */
  #latest: Buffer | undefined;

  constructor(buffers: BufferBudget) {
    this.#buffers = buffers;
  }

  /** Count of the chunk that comes next. */
  get end(): number {
    return this.#end;
  }

  /** All bytes that are kept, in a row. The last piece is the very chunk that came last. */
  get pieces(): readonly Buffer[] {
    const pieces = this.#slabs.map(({ memory, used }) => memory.subarray(0, used));
    const [last, latest] = [pieces.pop(), this.#latest];
    if (last === undefined || latest === undefined) return pieces;
    const before = last.subarray(0, last.length - latest.length);
    return before.length === 0 ? [...pieces, latest] : [...pieces, before, latest];
  }

  /**
   * Stores a chunk. `false`: there is no room for it.
   * @param isForLong it is kept for those who may come, not only until everyone has it.
   */
  push(bytes: Buffer, atBoundary: boolean, isForLong: boolean): boolean {
    const isPacked = isForLong && bytes.length <= LARGEST_PACKED;
    const slab = isPacked ? this.#withRoom(bytes.length) : this.#opened(bytes, CHUNK_COST);
    if (slab === undefined) return false;
    if (isPacked) slab.memory.set(bytes, slab.used);
    slab.used += bytes.length;
    slab.ends.push(slab.used);
    slab.boundaries.push(atBoundary);
    this.#latest = bytes;
    this.#end += 1;
    return true;
  }

  /** A chunk went by that nobody wants kept. */
  skip(): void {
    this.forget(this.#end);
    this.#end += 1;
  }

  at(count: number): Buffer | undefined {
    if (count === this.#end - 1) return this.#latest;
    const slab = this.#slabOf(count);
    if (slab === undefined) return undefined;
    const index = count - slab.first;
    return slab.memory.subarray(index === 0 ? 0 : slab.ends[index - 1], slab.ends[index]);
  }

  isBoundary(count: number): boolean {
    const slab = this.#slabOf(count);
    return slab?.boundaries[count - slab.first] === true;
  }

  /** Forgets what comes before the chunk `until`; a few may stay for a while. */
  forget(until: number): void {
    const slabs = this.#slabs;
    let gone = 0;
    for (const { first, ends } of slabs) {
      if (first + ends.length > until) break;
      gone += 1;
    }
    if (gone === 0 || (gone < TRIMMED_AT_ONCE && gone < slabs.length)) return;
    let booked = 0;
    for (let index = 0; index < gone; index += 1) booked += slabs[index]?.booked ?? 0;
    if (gone === slabs.length) this.#latest = undefined;
    this.#slabs = slabs.slice(gone);
    this.#buffers.release(booked);
  }

  #slabOf(count: number): Slab | undefined {
    // From the end: nearly everyone wants what came last.
    for (let index = this.#slabs.length - 1; index >= 0; index -= 1) {
      const slab = this.#slabs[index];
      if (slab !== undefined && slab.first <= count) return count < this.#end ? slab : undefined;
    }
    return undefined;
  }

  /** Memory with room for a chunk; undefined: there is none. */
  #withRoom(bytes: number): Slab | undefined {
    const last = this.#slabs.at(-1);
    const before = last?.memory.length ?? 0;
    if (last === undefined || before - last.used < bytes) {
      const size = Math.min(LARGEST_SLAB, Math.max(FIRST_SLAB, 2 * before, 2 * bytes));
      // The first is small enough to be a piece of Node's pool: memory of its own costs more than all else here.
      return this.#opened(Buffer.allocUnsafe(size), PACKED_COST);
    }
    if (!this.#buffers.acquire(PACKED_COST)) return undefined;
    last.booked += PACKED_COST;
    return last;
  }

  /** `cost`: of its first chunk, beside the memory. Bytes. */
  #opened(memory: Buffer, cost: number): Slab | undefined {
    const booked = memory.length + cost;
    if (!this.#buffers.acquire(booked)) return undefined;
    const slab = { memory, first: this.#end, ends: [], boundaries: [], used: 0, booked };
    this.#slabs.push(slab);
    return slab;
  }
}
