import { markReasoning } from './reasoning-mark.ts';
import type { Delta, StartedBlock, StreamEvent } from './stream-events.ts';
import { TextHash, textHash } from './text-hash.ts';
import { SurrogateJoin } from './well-formed.ts';

type OpenKind = 'none' | 'text' | 'thinking' | 'redacted' | 'tool';

/**
 * Writes the blocks of a message: one open at a time, numbered from 0 without holes, no delta outside of its block. Empty texts
 * write nothing.
 */
export class BlockWriter {
  #events: StreamEvent[] = [];
  #count = 0;
  #open: OpenKind = 'none';
  #join = new SurrogateJoin();
  #thinking = new TextHash();
  #wroteTool = false;
  #characters = 0;

  get open(): OpenKind {
    return this.#open;
  }

  /** How many blocks were begun. */
  get count(): number {
    return this.#count;
  }

  get wroteTool(): boolean {
    return this.#wroteTool;
  }

  /** Characters of content so far: for an estimate of its tokens. */
  get characters(): number {
    return this.#characters;
  }

  /** The events since the last call. */
  take(): readonly StreamEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  text(text: string): void {
    if (text === '') return;
    if (this.#open !== 'text') this.#start('text', { type: 'text', text: '' });
    this.#piece(text);
  }

  thinking(text: string): void {
    if (text === '') return;
    if (this.#open !== 'thinking') this.#start('thinking', { type: 'thinking', thinking: '', signature: '' });
    this.#piece(text);
  }

  /** Reasoning that is not for reading; complete at its start. */
  redacted(details: readonly unknown[]): void {
    this.#start('redacted', {
      type: 'redacted_thinking',
      data: markReasoning(textHash(JSON.stringify(details)), details),
    });
    this.close([]);
  }

  tool(id: string, name: string): void {
    this.#start('tool', { type: 'tool_use', id, name, input: {} });
    this.#wroteTool = true;
  }

  /** A piece of the open tool's input. */
  input(json: string): void {
    this.#piece(json);
  }

  /** @param details what the provider of the open thinking wants back with it. */
  close(details: readonly unknown[]): void {
    if (this.#open === 'none') return;
    this.#delta(this.#join.finish());
    const index = this.#count - 1;
    if (this.#open === 'thinking') {
      const signature = markReasoning(this.#thinking.hex(), details);
      this.#events.push({
        type: 'content_block_delta',
        index,
        delta: { type: 'signature_delta', signature },
      });
    }
    this.#events.push({ type: 'content_block_stop', index });
    this.#open = 'none';
  }

  #start(open: Exclude<OpenKind, 'none'>, block: StartedBlock): void {
    this.#events.push({ type: 'content_block_start', index: this.#count, content_block: block });
    this.#count++;
    this.#open = open;
    this.#thinking = new TextHash();
  }

  #piece(text: string): void {
    this.#characters += text.length;
    this.#delta(this.#join.push(text));
  }

  #delta(text: string): void {
    const delta = text === '' ? undefined : this.#deltaOf(text);
    if (delta !== undefined)
      this.#events.push({ type: 'content_block_delta', index: this.#count - 1, delta });
  }

  #deltaOf(text: string): Delta | undefined {
    switch (this.#open) {
      case 'text':
        return { type: 'text_delta', text };
      case 'thinking':
        this.#thinking.add(text);
        return { type: 'thinking_delta', thinking: text };
      case 'tool':
        return { type: 'input_json_delta', partial_json: text };
      case 'redacted':
      case 'none':
        return undefined;
    }
  }
}
