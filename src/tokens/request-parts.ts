import { isRecord } from '../domain/is-record.ts';
import type { Corrections } from './corrections.ts';
import { imageSize } from './image-size.ts';
import { imageTokens } from './image-tokens.ts';
import { pdfPages } from './pdf-pages.ts';

/** What of a request is counted: texts that are still to be counted, and what is known without. */
export interface RequestParts {
  readonly texts: readonly string[];
  /** Texts in JSON. */
  readonly json: readonly string[];
  readonly tokens: number;
}

/** Text of a page and its picture. */
const PDF_PAGE_TOKENS = 2_250;
/** A file that is only referred to: nobody here knows its size. */
const UNSEEN_DOCUMENT = 3 * PDF_PAGE_TOKENS;
/** Tools that a provider brings, by the beginning of their type. */
const PROVIDED_TOOLS: readonly (readonly [string, number])[] = [
  ['text_editor_', 700],
  ['bash_', 245],
  ['computer_', 735],
];
const OTHER_PROVIDED_TOOL = 500;
/** Members that a model does not read, or not as text. */
const UNREAD: ReadonlySet<string> = new Set([
  'type',
  'id',
  'tool_use_id',
  'cache_control',
  'data',
  'signature',
  'encrypted_content',
]);

/**
 * Takes a parsed request apart. Whatever it holds, it never throws: what has an unexpected shape counts by the strings in
 * it, or not at all.
 */
export function requestParts(body: unknown, corrections: Corrections): RequestParts {
  const collector = new Collector(corrections);
  if (isRecord(body)) collector.request(body);
  return collector;
}

class Collector implements RequestParts {
  readonly texts: string[] = [];
  readonly json: string[] = [];
  tokens: number;
  readonly #corrections: Corrections;
  /** Names of deferred tools that messages have loaded. */
  readonly #references = new Set<unknown>();

  constructor(corrections: Corrections) {
    this.#corrections = corrections;
    this.tokens = corrections.request;
  }

  request({ system, messages, tools, tool_choice: choice, output_config: config, ...rest }: Body): void {
    if (system !== undefined) {
      this.tokens += this.#corrections.system;
      this.#content(system, true);
    }
    if (Array.isArray(messages)) this.#messages(messages);
    if (Array.isArray(tools))
      this.#tools(tools, isRecord(choice) && /^(any|tool)$/.test(String(choice.type)));
    const answer = (isRecord(config) ? config.format : undefined) ?? rest.output_format;
    if (isRecord(answer) && answer.schema !== undefined) {
      this.tokens += this.#corrections.outputSchema;
      this.#json(answer.schema);
    }
  }

  #messages(messages: readonly unknown[]): void {
    const { keepsThinking, message: each } = this.#corrections;
    const turn = keepsThinking ? 0 : currentTurn(messages);
    this.tokens += Math.max(0, messages.length - 1) * each;
    for (const [at, message] of messages.entries()) {
      if (isRecord(message)) this.#content(message.content, at >= turn);
    }
  }

  /** Deferred ones only where a message has loaded them. */
  #tools(tools: readonly unknown[], mustUse: boolean): void {
    const isLoaded = (tool: Body): boolean => tool.defer_loading !== true || this.#references.has(tool.name);
    const loaded = tools.filter(isRecord).filter(isLoaded);
    if (loaded.length > 0) this.tokens += this.#corrections.tools;
    if (loaded.length > 0 && mustUse) this.tokens += this.#corrections.forcedTool;
    for (const { type, name, description, input_schema: schema } of loaded) {
      if (schema === undefined && typeof type === 'string') {
        this.tokens += PROVIDED_TOOLS.find(([start]) => type.startsWith(start))?.[1] ?? OTHER_PROVIDED_TOOL;
        continue;
      }
      this.tokens += this.#corrections.tool;
      this.#text(name);
      this.#text(description);
      this.#json(schema);
    }
  }

  /** A string or a list of blocks. */
  #content(content: unknown, withThinking: boolean): void {
    this.#text(content);
    if (!Array.isArray(content)) return;
    for (const block of content) {
      if (isRecord(block)) this.#block(block, withThinking);
      else this.#text(block);
    }
  }

  #block(block: Body, withThinking: boolean): void {
    const type = String(block.type);
    const { toolUse, toolResult } = this.#corrections;
    if (type === 'text') this.#text(block.text);
    else if (type === 'image') this.#image(block.source);
    else if (type === 'document') this.#document(block, withThinking);
    else if (type === 'thinking') this.#text(withThinking ? block.thinking : undefined);
    else if (type === 'tool_reference') this.#references.add(block.tool_name);
    else if (type === 'redacted_thinking') this.#hidden(withThinking ? block.data : undefined);
    else if (type.endsWith('tool_use')) {
      this.tokens += toolUse;
      this.#text(block.name);
      this.#json(block.input);
    } else if (type.endsWith('tool_result')) {
      this.tokens += toolResult;
      if (isRecord(block.content)) this.#strings(block.content);
      else this.#content(block.content, withThinking);
    } else this.#strings(block);
  }

  #image(source: unknown): void {
    const { image } = this.#corrections;
    const data = isRecord(source) ? source.data : undefined;
    const size = typeof data === 'string' ? imageSize(data) : undefined;
    this.tokens += size === undefined ? image.tokens : imageTokens(size, image);
  }

  #document({ source, title, context }: Body, withThinking: boolean): void {
    this.#text(title);
    this.#text(context);
    if (!isRecord(source)) return;
    if (source.type === 'text') this.#text(source.data);
    else if (source.type === 'content') this.#content(source.content, withThinking);
    else if (typeof source.data === 'string') this.tokens += pdfPages(source.data) * PDF_PAGE_TOKENS;
    else this.tokens += UNSEEN_DOCUMENT;
  }

  /** Encrypted thinking: base64 of about as much as it was. */
  #hidden(data: unknown): void {
    if (typeof data === 'string') this.tokens += Math.ceil(data.length / 5);
  }

  /** All strings in something of a kind that is not known. */
  #strings(value: unknown): void {
    const left = [value];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      this.#text(next);
      if (Array.isArray(next)) for (const item of next) left.push(item ?? '');
      else if (isRecord(next)) {
        for (const [key, member] of Object.entries(next)) if (!UNREAD.has(key)) left.push(member ?? '');
      }
    }
  }

  #text(text: unknown): void {
    if (typeof text === 'string' && text !== '') this.texts.push(text);
  }

  #json(value: unknown): void {
    if (value !== undefined) this.json.push(JSON.stringify(value));
  }
}

type Body = Readonly<Record<string, unknown>>;

/** Where the running turn begins: after the last message of the user that brings more than results of tools. */
function currentTurn(messages: readonly unknown[]): number {
  return messages.findLastIndex((message) => {
    if (!isRecord(message) || message.role !== 'user') return false;
    const { content } = message;
    return (
      !Array.isArray(content) || content.some((block) => isRecord(block) && block.type !== 'tool_result')
    );
  });
}
