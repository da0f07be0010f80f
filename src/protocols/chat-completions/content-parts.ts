import type { Anthropic } from '@anthropic-ai/sdk';
import { isRecord } from '../../domain/is-record.ts';
import { blocksOf } from '../openai/blocks.ts';
import { type DataUrl, readDataUrl } from './data-url.ts';
import type { Refusals } from './refusals.ts';

export type ContentBlock =
  | Anthropic.TextBlockParam
  | Anthropic.ImageBlockParam
  | Anthropic.DocumentBlockParam;

type Part = Readonly<Record<string, unknown>>;

const IMAGES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const;

/**
 * The parts of a message's content as blocks. Blank texts are left out, since Anthropic refuses them.
 * @param place the content as errors name it: `messages[2].content`.
 */
export function contentBlocks(content: unknown, place: string, refusals: Refusals): ContentBlock[] {
  return blocksOf(content).flatMap((part, at): ContentBlock[] => {
    const param = typeof content === 'string' ? place : `${place}[${at}]`;
    switch (part.type) {
      case 'text':
        return textBlocks(part.text, part);
      case 'refusal':
        return textBlocks(part.refusal, part);
      case 'image_url':
        return marked(imageBlock(part.image_url, param, refusals), part);
      case 'file':
        return marked(fileBlock(part.file, param, refusals), part);
      case 'input_audio':
        refusals.add(param, 'Audio is not supported: no provider of the Messages API takes it.');
        return [];
      default:
        refusals.add(`${param}.type`, `Parts of the type ${shown(part.type)} are not supported.`);
        return [];
    }
  });
}

/** All texts of a content, for places that hold nothing else. */
export function textBlocks(text: unknown, part: Part = {}): Anthropic.TextBlockParam[] {
  if (typeof text !== 'string' || text.trim() === '') return [];
  return marked({ type: 'text', text }, part);
}

/** Breakpoints of the cache, where the client sets them as for Anthropic, are kept. */
function marked<T extends ContentBlock>(block: T | undefined, part: Part): T[] {
  if (block === undefined) return [];
  const mark = part.cache_control;
  return isCacheMark(mark) ? [{ ...block, cache_control: mark }] : [block];
}

export function isCacheMark(value: unknown): value is Anthropic.CacheControlEphemeral {
  return isRecord(value) && value.type === 'ephemeral';
}

function imageBlock(
  value: unknown,
  param: string,
  refusals: Refusals,
): Anthropic.ImageBlockParam | undefined {
  const url = isRecord(value) ? value.url : value;
  if (typeof url === 'string' && /^https?:\/\//i.test(url))
    return { type: 'image', source: { type: 'url', url } };
  const data = typeof url === 'string' ? readDataUrl(url) : undefined;
  const image = data === undefined ? undefined : ofImage(data);
  if (image === undefined) {
    refusals.add(
      `${param}.image_url`,
      'An image must be an http(s) address, or a data URL of a JPEG, PNG, GIF or WebP.',
      'invalid_image_url',
    );
  }
  return image;
}

function ofImage({ mediaType, base64 }: DataUrl): Anthropic.ImageBlockParam | undefined {
  const name = mediaType === 'image/jpg' ? 'image/jpeg' : mediaType;
  const media_type = IMAGES.find((each) => each === name);
  return media_type === undefined
    ? undefined
    : { type: 'image', source: { type: 'base64', media_type, data: base64() } };
}

function fileBlock(value: unknown, param: string, refusals: Refusals): ContentBlock | undefined {
  const file = isRecord(value) ? value : {};
  const data = typeof file.file_data === 'string' ? readDataUrl(file.file_data) : undefined;
  const title = typeof file.filename === 'string' && file.filename !== '' ? { title: file.filename } : {};
  if (data?.mediaType === 'application/pdf') {
    const source = { type: 'base64', media_type: 'application/pdf', data: data.base64() } as const;
    return { type: 'document', source, ...title };
  }
  if (data !== undefined && /^text\/|^application\/(?:json|xml|yaml)$/.test(data.mediaType)) {
    return {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: data.text() },
      ...title,
    };
  }
  const image = data === undefined ? undefined : ofImage(data);
  if (image !== undefined) return image;
  refusals.add(
    `${param}.file`,
    typeof file.file_id === 'string'
      ? 'Files are not stored here: send file_data instead of file_id.'
      : 'A file must have file_data: a data URL of a PDF, a text or an image.',
  );
  return undefined;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 50)) : 'that it has';
}
