import { parseRecord } from '../../domain/json.ts';
import { isFilled } from '../openai/blocks.ts';
import { customInput } from './answer-facts.ts';
import type { ChunkWriter } from './chunk-writer.ts';
import { detailOf, fragmentOf } from './reasoning-details.ts';
import type { ChatAsked } from './request.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A block that has begun. */
type OpenBlock =
  | { readonly kind: 'text' }
  | { readonly kind: 'thinking'; readonly index: number; signature: string }
  | {
      readonly kind: 'call';
      readonly index: number;
      readonly id: string;
      readonly name: string;
      /** What the block began with: the whole input of servers that send no pieces. */
      readonly input: unknown;
      json: string;
    };

/** Tells the blocks of a message as deltas. Calls are numbered for themselves, whatever their blocks' numbers are. */
export class BlockTeller {
  readonly #writer: ChunkWriter;
  readonly #asked: ChatAsked;
  /** By Anthropic's index. */
  readonly #open = new Map<unknown, OpenBlock>();
  #thoughts = 0;
  #calls = 0;

  constructor(writer: ChunkWriter, asked: ChatAsked) {
    this.#writer = writer;
    this.#asked = asked;
  }

  get hasCalls(): boolean {
    return this.#calls > 0;
  }

  start(at: unknown, block: Fields): void {
    this.stop(at);
    switch (block.type) {
      case 'text':
        this.#open.set(at, { kind: 'text' });
        this.#text(block.text);
        break;
      case 'thinking':
        this.#open.set(at, { kind: 'thinking', index: this.#thoughts++, signature: '' });
        this.delta(at, { type: 'thinking_delta', thinking: block.thinking });
        this.delta(at, { type: 'signature_delta', signature: block.signature });
        break;
      case 'redacted_thinking':
        this.#redacted(block);
        break;
      case 'tool_use':
        this.#startCall(at, block);
        break;
      default:
      // What a server tool did is in the text that follows.
    }
  }

  delta(at: unknown, delta: Fields): void {
    const open = this.#open.get(at);
    if (open?.kind === 'text' && delta.type === 'text_delta') this.#text(delta.text);
    else if (open?.kind === 'thinking') {
      if (delta.type === 'thinking_delta' && isFilled(delta.thinking)) {
        const { thinking } = delta;
        this.#writer.delta({
          reasoning_content: thinking,
          reasoning_details: [fragmentOf(open.index, thinking)],
        });
      } else if (delta.type === 'signature_delta' && isFilled(delta.signature))
        open.signature = delta.signature;
    } else if (open?.kind === 'call' && delta.type === 'input_json_delta' && isFilled(delta.partial_json)) {
      open.json += delta.partial_json;
      if (!this.#asked.custom.has(open.name)) this.#arguments(open.index, delta.partial_json);
    }
  }

  stop(at: unknown): void {
    const open = this.#open.get(at);
    this.#open.delete(at);
    if (open?.kind === 'thinking') {
      if (open.signature !== '')
        this.#writer.delta({ reasoning_details: [fragmentOf(open.index, '', open.signature)] });
    } else if (open?.kind === 'call') {
      const { index, id, name, input, json } = open;
      if (this.#asked.custom.has(name)) {
        // A cut input is told as it came.
        const whole = json === '' ? input : (parseRecord(json) ?? { input: json });
        const custom = { name, input: customInput(whole) };
        this.#writer.delta({ tool_calls: [{ index, id, type: 'custom', custom }] });
      } else if (json.trim() === '') {
        // Clients parse the arguments: nothing at all is no JSON.
        this.#arguments(index, JSON.stringify(input ?? {}));
      }
    }
  }

  /** Ends blocks that the provider left open. */
  stopAll(): void {
    for (const at of [...this.#open.keys()]) this.stop(at);
  }

  #startCall(at: unknown, { id, name, input }: Fields): void {
    const index = this.#calls++;
    const call = { kind: 'call', index, id: String(id), name: String(name), input, json: '' } as const;
    // The older form has room for one call.
    if (this.#asked.legacy && index > 0) return;
    this.#open.set(at, { ...call });
    if (this.#asked.custom.has(call.name)) return;
    const called = { name: call.name, arguments: '' };
    if (this.#asked.legacy) this.#writer.delta({ function_call: called });
    else this.#writer.delta({ tool_calls: [{ index, id: call.id, type: 'function', function: called }] });
  }

  #arguments(index: number, json: string): void {
    const called = { arguments: json };
    if (this.#asked.legacy) this.#writer.delta({ function_call: called });
    else this.#writer.delta({ tool_calls: [{ index, function: called }] });
  }

  #text(text: unknown): void {
    if (isFilled(text)) this.#writer.delta({ content: text });
  }

  #redacted(block: Fields): void {
    const detail = detailOf(block, this.#thoughts++);
    if (detail !== undefined) this.#writer.delta({ reasoning_details: [detail] });
  }
}
