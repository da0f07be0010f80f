import { isRecord } from '../../domain/is-record.ts';
import { type Block, blocksOf, type Notes, textOf } from './blocks.ts';
import type { TextPart, UserPart } from './chat-types.ts';
import type { Compat } from './compat.ts';

type PartCompat = Pick<Compat, 'images' | 'imageUrls' | 'files' | 'cacheControl'>;

/** A block of a user's turn as parts: none for what has no text or no meaning elsewhere. Tool results are not for it. */
export function userParts(block: Block, compat: PartCompat, notes: Notes): readonly UserPart[] {
  switch (block.type) {
    case 'text':
      return text(textOf(block.text), block, compat);
    case 'image':
      return [image(block, compat, notes)];
    case 'document':
      return document(block, compat, notes);
    case 'search_result':
      return text(searchResult(block), block, compat);
    default:
      return text(otherText(block, notes), block, compat);
  }
}

/** A text part; none without text. */
function text(content: string, block: Block, compat: PartCompat): readonly TextPart[] {
  if (content === '') return [];
  const mark = compat.cacheControl && block.cache_control != null;
  return [{ type: 'text', text: content, ...(mark ? { cache_control: block.cache_control } : {}) }];
}

function image(block: Block, compat: PartCompat, notes: Notes): UserPart {
  const source = isRecord(block.source) ? block.source : {};
  const url =
    source.type === 'base64'
      ? `data:${textOf(source.media_type)};base64,${textOf(source.data)}`
      : source.type === 'url' && compat.imageUrls
        ? textOf(source.url)
        : '';
  if (compat.images && url !== '') return { type: 'image_url', image_url: { url } };
  notes.add(compat.images ? `an image by ${textOf(source.type) || 'no source'}` : 'an image');
  return { type: 'text', text: '[image left out: this model cannot see it]' };
}

function document(block: Block, compat: PartCompat, notes: Notes): readonly UserPart[] {
  const source = isRecord(block.source) ? block.source : {};
  const title = textOf(block.title);
  const head = [title, textOf(block.context)].filter((line) => line !== '').join('\n');
  const withHead = (body: string) => (head === '' ? body : `${head}\n${body}`);
  if (source.type === 'text') return text(withHead(textOf(source.data)), block, compat);
  if (source.type === 'content') {
    const inner = blocksOf(source.content).flatMap((part) => userParts(part, compat, notes));
    return head === '' ? inner : [...text(head, {}, compat), ...inner];
  }
  if (source.type === 'base64' && compat.files) {
    const data = `data:${textOf(source.media_type) || 'application/pdf'};base64,${textOf(source.data)}`;
    const file = { filename: title || 'document.pdf', file_data: data };
    return [...text(textOf(block.context), {}, compat), { type: 'file', file }];
  }
  notes.add('a document that this provider cannot read');
  return text(
    `[document${title === '' ? '' : ` "${title}"`} left out: this model cannot read it]`,
    {},
    compat,
  );
}

function searchResult(block: Block): string {
  const head = [textOf(block.title), textOf(block.source)].filter((line) => line !== '');
  const texts = blocksOf(block.content).map((part) => textOf(part.text));
  return [...head, ...texts].join('\n');
}

/** Blocks of other kinds: their text if they have one. */
function otherText(block: Block, notes: Notes): string {
  if (block.type === 'tool_reference') return `Tool available now: ${textOf(block.tool_name)}`;
  notes.add(`a block of type ${textOf(block.type) || '(none)'}`);
  return textOf(block.text);
}

/** One string where all is text without marks, for some servers make a turn of each part. */
export function userContent(parts: readonly UserPart[]): string | UserPart[] {
  const texts = parts.map((part) =>
    part.type === 'text' && part.cache_control === undefined ? part.text : undefined,
  );
  return texts.every((each) => each !== undefined) ? texts.join('\n\n') : [...parts];
}
