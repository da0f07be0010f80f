import type { OpenAI } from 'openai';
import { isRecord } from '../../domain/is-record.ts';
import { type AnswerFacts, completionId, customInput } from './answer-facts.ts';
import { finishReasonOf } from './finish-reason.ts';
import { detailOf, type ReasoningDetail } from './reasoning-details.ts';
import type { ChatAsked } from './request.ts';
import { chatUsage } from './usage.ts';

type Block = Readonly<Record<string, unknown>>;

/** OpenAI's message with what other providers add for reasoning. */
type Message = Omit<OpenAI.ChatCompletionMessage, 'annotations' | 'audio'> & {
  readonly reasoning_content?: string;
  readonly reasoning_details?: readonly ReasoningDetail[];
};

/** A completion with one choice. */
export type Completion = Omit<OpenAI.ChatCompletion, 'choices'> & {
  readonly choices: readonly (Omit<OpenAI.ChatCompletion.Choice, 'message'> & {
    readonly message: Message;
  })[];
};

/** A message of the Messages API, whole and good, as a completion. Blocks of server tools, and types not known here, are left out. */
export function completionOf(message: Block, { asked, created, requestId }: AnswerFacts): Completion {
  const blocks = Array.isArray(message.content) ? message.content.filter(isRecord) : [];
  const uses = blocks.filter(({ type }) => type === 'tool_use');
  const choice = {
    index: 0,
    message: messageOf(blocks, uses, asked),
    logprobs: null,
    finish_reason: finishReasonOf(message.stop_reason, uses.length > 0, asked),
  };
  return {
    id: completionId(message.id, requestId),
    object: 'chat.completion',
    created,
    model: typeof message.model === 'string' ? message.model : '',
    choices: [choice],
    usage: chatUsage(isRecord(message.usage) ? message.usage : {}),
  };
}

function messageOf(blocks: readonly Block[], uses: readonly Block[], asked: ChatAsked): Message {
  const text = joined(blocks, 'text');
  const thinking = joined(blocks, 'thinking');
  const details = blocks
    .filter(({ type }) => type === 'thinking' || type === 'redacted_thinking')
    .flatMap((block, index) => detailOf(block, index) ?? []);
  return {
    role: 'assistant',
    content: text === '' && uses.length > 0 ? null : text,
    refusal: null,
    ...(thinking === '' ? {} : { reasoning_content: thinking }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...callFields(uses, asked),
  };
}

/** The texts of all blocks of a kind. Citations cut sentences into blocks: nothing is put between. */
function joined(blocks: readonly Block[], kind: 'text' | 'thinking'): string {
  return blocks
    .flatMap((block) => (block.type === kind && typeof block[kind] === 'string' ? [block[kind]] : []))
    .join('');
}

/** The older form has room for one call; the request forbids more. */
function callFields(uses: readonly Block[], asked: ChatAsked): Pick<Message, 'tool_calls' | 'function_call'> {
  const [first] = uses;
  if (first === undefined) return {};
  if (asked.legacy) return { function_call: functionOf(first) };
  return { tool_calls: uses.map((use) => callOf(use, asked)) };
}

function callOf(use: Block, { custom }: ChatAsked): OpenAI.ChatCompletionMessageToolCall {
  const id = String(use.id);
  const name = String(use.name);
  if (custom.has(name)) return { id, type: 'custom', custom: { name, input: customInput(use.input) } };
  return { id, type: 'function', function: functionOf(use) };
}

function functionOf({ name, input }: Block): { name: string; arguments: string } {
  return { name: String(name), arguments: JSON.stringify(input ?? {}) };
}
