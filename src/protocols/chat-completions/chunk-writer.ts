import type { OpenAI } from 'openai';
import { completionId } from './answer-facts.ts';
import { type ChatError, chatErrorBody } from './errors.ts';
import type { FinishReason } from './finish-reason.ts';
import type { ReasoningDetail } from './reasoning-details.ts';

/** A call of a tool of free text comes whole: OpenAI has no pieces of one. */
export interface CustomCall {
  readonly index: number;
  readonly id: string;
  readonly type: 'custom';
  readonly custom: { readonly name: string; readonly input: string };
}

/** OpenAI's delta, with what other providers add for reasoning. */
export type ChunkDelta = Omit<OpenAI.ChatCompletionChunk.Choice.Delta, 'tool_calls'> & {
  readonly reasoning_content?: string;
  readonly reasoning_details?: readonly ReasoningDetail[];
  readonly tool_calls?: readonly (OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall | CustomCall)[];
};

/** Writes the chunks of one answer, all under the same id, time and model. */
export class ChunkWriter {
  readonly #created: number;
  readonly #withUsage: boolean;
  #id: string;
  #model = '';
  #text = '';

  /** @param withUsage the client asked for usage: each chunk but the last says that it has none. */
  constructor(requestId: string, created: number, withUsage: boolean) {
    this.#id = completionId(undefined, requestId);
    this.#created = created;
    this.#withUsage = withUsage;
  }

  /** From now on, these. To be called before the first chunk. */
  name(id: unknown, model: unknown): void {
    if (typeof id === 'string' && id !== '') this.#id = completionId(id, '');
    if (typeof model === 'string') this.#model = model;
  }

  delta(delta: ChunkDelta, finish_reason: FinishReason | null = null): void {
    this.#write({
      ...this.#head(),
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      ...(this.#withUsage ? { usage: null } : {}),
    });
  }

  usage(usage: OpenAI.CompletionUsage): void {
    this.#write({ ...this.#head(), choices: [], usage });
  }

  error(error: ChatError): void {
    this.#text += `data: ${chatErrorBody(error)}\n\n`;
  }

  /** Proof of life that no client shows. */
  comment(): void {
    this.#text += ': ping\n\n';
  }

  done(): void {
    this.#text += 'data: [DONE]\n\n';
  }

  /** What was written since the last time. */
  take(): Buffer {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    return bytes;
  }

  #head(): Pick<OpenAI.ChatCompletionChunk, 'id' | 'object' | 'created' | 'model'> {
    return { id: this.#id, object: 'chat.completion.chunk', created: this.#created, model: this.#model };
  }

  #write(chunk: object): void {
    this.#text += `data: ${JSON.stringify(chunk)}\n\n`;
  }
}
