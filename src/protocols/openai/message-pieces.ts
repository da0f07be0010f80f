import { isRecord } from '../../domain/is-record.ts';
import { isFilled } from './blocks.ts';
import type { Piece } from './think-tags.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What a `delta` (or a whole `message`) says, in the order in which it belongs. */
export interface MessagePieces {
  readonly thinking: string;
  /** `reasoning_details`, as they came. */
  readonly details: readonly Fields[];
  readonly pieces: readonly Piece[];
  readonly refusal: string;
  readonly calls: readonly unknown[];
}

/** Reads what any server may put into a delta. Reasoning under several names is one text: the first that has some. */
export function readPieces(delta: Fields): MessagePieces {
  const details = Array.isArray(delta.reasoning_details) ? delta.reasoning_details.filter(isRecord) : [];
  const plain = [delta.reasoning_content, delta.reasoning, delta.reasoning_text].find(isFilled);
  return {
    thinking: plain ?? details.map(detailText).join(''),
    details,
    pieces: contentPieces(delta.content),
    refusal: isFilled(delta.refusal) ? delta.refusal : '',
    calls: callsOf(delta),
  };
}

function detailText(detail: Fields): string {
  return [detail.text, detail.summary].find(isFilled) ?? '';
}

/** A text, or parts: Mistral's reasoning models think in some of them. */
function contentPieces(content: unknown): readonly Piece[] {
  if (isFilled(content)) return [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) return [];
  return content.filter(isRecord).flatMap((part): readonly Piece[] => {
    if (part.type === 'thinking') {
      const inner = Array.isArray(part.thinking)
        ? part.thinking.filter(isRecord).map((each) => each.text)
        : [part.thinking];
      return [{ kind: 'thinking', text: inner.filter(isFilled).join('') }];
    }
    return isFilled(part.text) ? [{ kind: 'text', text: part.text }] : [];
  });
}

/** `function_call` is the older word for one call. */
function callsOf(delta: Fields): readonly unknown[] {
  if (Array.isArray(delta.tool_calls)) return delta.tool_calls;
  return isRecord(delta.function_call) ? [{ index: 0, function: delta.function_call }] : [];
}
