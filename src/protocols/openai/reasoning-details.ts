type Detail = Readonly<Record<string, unknown>>;

/** Texts of a detail that come in pieces. */
const GROWS: ReadonlySet<string> = new Set(['text', 'summary', 'data']);

/** Collects `reasoning_details`, whose fragments of one index belong together: they have to go back as they were, whole. */
export class ReasoningDetails {
  #details: Record<string, unknown>[] = [];

  add(details: readonly Detail[]): void {
    for (const detail of details) {
      const known = this.#details.find((each) => isSame(each, detail));
      if (known === undefined) this.#details.push({ ...detail });
      else grow(known, detail);
    }
  }

  get isEmpty(): boolean {
    return this.#details.length === 0;
  }

  /** All so far; the next ones begin anew. */
  take(): readonly Detail[] {
    const details = this.#details;
    this.#details = [];
    return details;
  }
}

function isSame(one: Detail, other: Detail): boolean {
  return (
    one.type === other.type && one.index === other.index && (one.id ?? other.id) === (other.id ?? one.id)
  );
}

function grow(known: Record<string, unknown>, detail: Detail): void {
  for (const [key, value] of Object.entries(detail)) {
    if (value === null || value === undefined) continue;
    const before = known[key];
    known[key] =
      GROWS.has(key) && typeof before === 'string' && typeof value === 'string' ? before + value : value;
  }
}
