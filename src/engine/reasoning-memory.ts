import { LruMap } from '../domain/lru-map.ts';

/** So much is remembered; what was used longest ago goes first. */
const MOST_EXTRAS = 4_096;

/** What answers leave behind that later requests of their conversations need, for one engine. Nothing of it outlives the process. */
export class ReasoningMemory {
  readonly #extras = new LruMap<string, unknown>(MOST_EXTRAS);

  /** What a provider attached to a call and wants back with it. @param host the provider's: other hosts know nothing of it */
  keepExtra(host: string, toolUseId: string, extra: unknown): void {
    this.#extras.set(`${host} ${toolUseId}`, extra);
  }

  extraOf(host: string, toolUseId: string): unknown {
    return this.#extras.get(`${host} ${toolUseId}`);
  }
}
