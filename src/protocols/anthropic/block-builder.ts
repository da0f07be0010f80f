import { parseRecord } from '../../domain/json.ts';

/** A content block of a message, of whatever type. */
export type Block = Record<string, unknown>;

/** Grows one block from its start and its deltas. */
export class BlockBuilder {
  readonly #block: Block;
  /** Pieces of a tool's input, parsed when they are together. */
  #json = '';

  constructor(start: Block) {
    this.#block = { ...start };
  }

  add(delta: Record<string, unknown>): void {
    switch (delta.type) {
      case 'input_json_delta':
        this.#json += typeof delta.partial_json === 'string' ? delta.partial_json : '';
        break;
      case 'citations_delta': {
        const citations = this.#block.citations;
        this.#block.citations = [...(Array.isArray(citations) ? citations : []), delta.citation];
        break;
      }
      case 'signature_delta':
        // Comes once and whole; the SDK, too, lets the last one stand.
        this.#block.signature = delta.signature;
        break;
      default:
        this.#grow(delta);
    }
  }

  /** `text_delta`, `thinking_delta` and deltas yet unknown: texts are appended, anything else is set. */
  #grow(delta: Record<string, unknown>): void {
    for (const [key, value] of Object.entries(delta)) {
      if (key === 'type' || key === '__proto__') continue;
      const known = this.#block[key];
      this.#block[key] = typeof value === 'string' && typeof known === 'string' ? known + value : value;
    }
  }

  /** The whole block; `undefined` if the pieces of its input make no JSON object. */
  finish(): Block | undefined {
    if (this.#json.trim() === '') return this.#block;
    const input = parseRecord(this.#json);
    return input === undefined ? undefined : { ...this.#block, input };
  }
}
