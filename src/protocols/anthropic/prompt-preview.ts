import { isRecord } from '../../domain/is-record.ts';
import { parseJson } from '../../domain/json.ts';

const PREVIEW_CHARACTERS = 120;

/**
 * The beginning (about 120 characters, on one line) of the last text that a user wrote, for DEBUG logs only: it
 * parses the whole body. `undefined` if there is none. Texts of tool results are no user's texts.
 */
export function promptPreview(bytes: Buffer): string | undefined {
  const text = lastUserText(parseJson(bytes));
  if (text === undefined) return undefined;
  const characters = Array.from(
    text
      .slice(0, PREVIEW_CHARACTERS * 8)
      .replace(/\s+/g, ' ')
      .trim(),
  );
  return characters.length > PREVIEW_CHARACTERS
    ? `${characters.slice(0, PREVIEW_CHARACTERS).join('')}…`
    : characters.join('');
}

function lastUserText(body: unknown): string | undefined {
  const messages = isRecord(body) ? body.messages : undefined;
  if (!Array.isArray(messages)) return undefined;
  for (const message of messages.toReversed()) {
    const text = textOf(message);
    if (text !== undefined) return text;
  }
  return undefined;
}

function textOf(message: unknown): string | undefined {
  if (!isRecord(message) || message.role !== 'user') return undefined;
  const content = message.content;
  if (typeof content === 'string') return content.trim() === '' ? undefined : content;
  if (!Array.isArray(content)) return undefined;
  for (const block of content.toReversed()) {
    if (!isRecord(block) || block.type !== 'text') continue;
    const text = block.text;
    if (typeof text === 'string' && text.trim() !== '') return text;
  }
  return undefined;
}
