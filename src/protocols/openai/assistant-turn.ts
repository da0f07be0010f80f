import { isRecord } from '../../domain/is-record.ts';
import { type Block, type Notes, textOf } from './blocks.ts';
import type { AssistantMessage, ToolCall } from './chat-types.ts';
import type { Compat } from './compat.ts';
import { detailsOfMark } from './reasoning-mark.ts';
import { serverToolText } from './server-tools.ts';
import type { ProviderToolIds } from './tool-ids.ts';
import type { ToolNames } from './tool-names.ts';
import { toJson } from './well-formed.ts';

/** What a conversation's turns are converted with. */
export interface TurnContext {
  readonly compat: Compat;
  readonly names: ToolNames;
  readonly ids: ProviderToolIds;
  readonly notes: Notes;
  /** What the provider attached to the call of this id and wants back (Gemini's thought signatures). */
  readonly callExtra: (toolUseId: string) => unknown;
}

/** A call of this turn under both its ids. */
export interface OpenCall {
  readonly clientId: string;
  readonly id: string;
  readonly name: string;
}

export interface AssistantTurn {
  /** Absent where neither text nor calls are left: an empty message is refused everywhere. */
  readonly message?: AssistantMessage;
  readonly calls: readonly OpenCall[];
}

/** The blocks of one turn of the assistant (of all messages that follow each other) as one message. */
export function assistantTurn(blocks: readonly Block[], context: TurnContext): AssistantTurn {
  const calls: OpenCall[] = [];
  const toolCalls: ToolCall[] = [];
  for (const block of blocks) {
    if (block.type !== 'tool_use') continue;
    const clientId = textOf(block.id);
    const name = context.names.toProvider(textOf(block.name));
    const id = context.ids.next(clientId, name);
    calls.push({ clientId, id, name });
    const extra = context.callExtra(clientId);
    toolCalls.push({
      id,
      type: 'function',
      function: { name, arguments: toJson(inputOf(block.input)) },
      ...(extra === undefined ? {} : { extra_content: extra }),
    });
  }
  const text = textOfTurn(blocks, context.notes);
  if (text === '' && toolCalls.length === 0) return { calls };
  const message: AssistantMessage = {
    role: 'assistant',
    content: text === '' ? context.compat.emptyContent : text,
    ...reasoningOf(blocks, toolCalls.length > 0, context.compat),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
  };
  return { message, calls };
}

/** Providers parse the arguments and refuse what is no object. */
function inputOf(input: unknown): object {
  if (isRecord(input)) return input;
  return input === undefined || input === null ? {} : { input };
}

/** A string: lists of parts make some models write lists, and older templates fail on them. */
function textOfTurn(blocks: readonly Block[], notes: Notes): string {
  let text = '';
  let cited = false;
  for (const block of blocks) {
    const piece = textOfBlock(block, notes);
    if (piece === '') continue;
    // Citations cut sentences into blocks.
    const cites = Array.isArray(block.citations) && block.citations.length > 0;
    text += text === '' || cited || cites ? piece : `\n\n${piece}`;
    cited = cites;
  }
  return text;
}

function textOfBlock(block: Block, notes: Notes): string {
  switch (block.type) {
    case 'text':
      return textOf(block.text);
    case 'tool_use':
    case 'thinking':
    case 'redacted_thinking':
      return '';
    default: {
      const text = serverToolText(block);
      if (text === undefined) notes.add(`a block of type ${textOf(block.type) || '(none)'}`);
      return text ?? textOf(block.text);
    }
  }
}

type Back = Pick<AssistantMessage, 'reasoning_content' | 'reasoning' | 'reasoning_details'>;

function reasoningOf(blocks: readonly Block[], hasCalls: boolean, compat: Compat): Back {
  if (compat.reasoningBack === 'none') return {};
  if (compat.reasoningBack === 'reasoning_details') {
    const details = blocks.flatMap((block) =>
      detailsOfMark(block.type === 'redacted_thinking' ? block.data : block.signature),
    );
    return details.length === 0 ? {} : { reasoning_details: details };
  }
  const texts = blocks.filter((block) => block.type === 'thinking').map((block) => textOf(block.thinking));
  const text = texts.filter((each) => each !== '').join('\n\n');
  if (text === '' && !(hasCalls && compat.reasoningBackRequired)) return {};
  return { [compat.reasoningBack]: text };
}
