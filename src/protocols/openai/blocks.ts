import { isRecord } from '../../domain/is-record.ts';

/** A content block of a request, or a part of one of Chat Completions, as it came. */
export type Block = Readonly<Record<string, unknown>>;

/** The blocks of a message's or a tool result's content; a text alone is one block, what is neither a text nor a list is none. */
export function blocksOf(content: unknown): readonly Block[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return Array.isArray(content) ? content.filter(isRecord) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Whether it is a text, and not an empty one. */
export function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** What is told of a conversion: what was left out of the request, each once, in plain words. */
export class Notes {
  readonly #notes = new Set<string>();

  add(note: string): void {
    this.#notes.add(note);
  }

  list(): readonly string[] {
    return [...this.#notes];
  }
}
