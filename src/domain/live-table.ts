/**
 * What is alive, by name. Not a `Map`: a `Map` to which entries come and go is rebuilt every few of them, and each
 * discarded copy still points to the next one and to what it held. Once one of them is old, all that follow survive until
 * the next full collection, and with them what ended long ago. Measured on Node 20: with a `Map` of the running requests a
 * fifth more bytes outlive their request (docs/performance.md).
 */
export class LiveTable<Entry extends object> {
  readonly #entries: Record<string, Entry> = Object.create(null) as Record<string, Entry>;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(name: string): Entry | undefined {
    return this.#entries[name];
  }

  has(name: string): boolean {
    return this.#entries[name] !== undefined;
  }

  set(name: string, entry: Entry): void {
    if (!this.has(name)) this.#size += 1;
    this.#entries[name] = entry;
  }

  values(): Entry[] {
    return Object.values(this.#entries);
  }

  /** `false` if there is none of this name. */
  delete(name: string): boolean {
    if (!this.has(name)) return false;
    delete this.#entries[name];
    this.#size -= 1;
    return true;
  }
}
