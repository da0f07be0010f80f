import type { EventPart, MessageBehaviour } from './behaviour.ts';
import { type AnswerContext, blocksOf, cut, stopReason } from './message.ts';

/**
 * The same answers in the words of Chat Completions, for providers of that kind. Blocks that it has no word for
 * (server tools, anything complete at its start) are left out.
 */

const FINISH_REASONS: Readonly<Record<string, string>> = { tool_use: 'tool_calls', max_tokens: 'length' };

/** The complete answer for a request without `stream`. */
export function completionJson(answer: MessageBehaviour, context: AnswerContext): object {
  const calls = toolCalls(answer, context);
  const message = {
    role: 'assistant',
    content: textOf(answer, context, 'text') || null,
    ...reasoning(answer, context),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return {
    ...envelope(answer, context, 'chat.completion'),
    choices: [{ index: 0, message, finish_reason: finishReason(answer) }],
    usage: usage(answer),
  };
}

/** The same as a stream; the usage comes after the finish, as OpenAI does it. */
export function completionEvents(answer: MessageBehaviour, context: AnswerContext): readonly EventPart[] {
  const chunk = (fields: object): EventPart => ({
    kind: 'event',
    data: { ...envelope(answer, context, 'chat.completion.chunk'), ...fields },
  });
  const delta = (fields: object, finish: string | null = null) =>
    chunk({ choices: [{ index: 0, delta: fields, finish_reason: finish }] });
  const pieces = answer.pieces ?? 3;
  return [
    delta({ role: 'assistant', content: '' }),
    ...cut(textOf(answer, context, 'thinking'), pieces).map((piece) => delta({ reasoning_content: piece })),
    ...cut(textOf(answer, context, 'text'), pieces).map((piece) => delta({ content: piece })),
    ...toolCalls(answer, context).flatMap((call, index) => [
      delta({ tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] }),
      ...cut(call.function.arguments, pieces).map((piece) =>
        delta({ tool_calls: [{ index, function: { arguments: piece } }] }),
      ),
    ]),
    delta({}, finishReason(answer)),
    chunk({ choices: [], usage: usage(answer) }),
    { kind: 'event', data: '[DONE]' },
  ];
}

function envelope(answer: MessageBehaviour, context: AnswerContext, object: string): object {
  return {
    id: `chatcmpl-${context.provider}-${context.number}`,
    object,
    created: 1_767_225_600,
    model: answer.model ?? context.model,
  };
}

function textOf(answer: MessageBehaviour, context: AnswerContext, type: 'text' | 'thinking'): string {
  const texts = blocksOf(answer, context.provider).map((block) => {
    if (block.type === 'text' && type === 'text') return block.text;
    return block.type === 'thinking' && type === 'thinking' ? block.thinking : '';
  });
  return texts.join('');
}

function reasoning(answer: MessageBehaviour, context: AnswerContext): object {
  const text = textOf(answer, context, 'thinking');
  return text === '' ? {} : { reasoning_content: text };
}

function toolCalls(answer: MessageBehaviour, context: AnswerContext) {
  return blocksOf(answer, context.provider).flatMap((block, index) => {
    if (block.type !== 'tool_use') return [];
    const id = block.id ?? `call_${context.provider}_${context.number}_${index}`;
    return [{ id, type: 'function', function: { name: block.name, arguments: JSON.stringify(block.input) } }];
  });
}

function finishReason(answer: MessageBehaviour): string {
  return FINISH_REASONS[stopReason(answer)] ?? 'stop';
}

function usage(answer: MessageBehaviour): object {
  const { input, output, cacheRead = 0 } = answer.usage ?? { input: 12, output: 7 };
  return {
    prompt_tokens: input + cacheRead,
    completion_tokens: output,
    total_tokens: input + cacheRead + output,
    prompt_tokens_details: { cached_tokens: cacheRead },
  };
}
