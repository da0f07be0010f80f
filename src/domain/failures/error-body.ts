import { isRecord } from '../is-record.ts';
import { parseJson } from '../json.ts';
import { htmlSummary, isHtml } from '../secrets/plain-text.ts';

/** The shapes in which providers wrap an error (docs/protocols.md §7; collected from providers and gateways). */

/** Longest body that is read, characters. */
export const ERROR_BODY_LIMIT = 65_536;
/** Gateways put one error's JSON into another's message; deeper than this nobody looks. */
const DEEPEST = 12;
/** Fields in which a validation error repeats what the client sent. Never read: the client's text is no failure. */
const ECHOES: ReadonlySet<string> = new Set([
  'input',
  'body',
  'request',
  'messages',
  'failed_generation',
  'prompt',
]);

/** What an error body says. Everything may be missing. */
export interface ErrorFacts {
  readonly type?: string;
  readonly message?: string;
  /** Numbers come as text: `"402"`. */
  readonly code?: string;
  readonly html?: true;
  /** All texts of the error (decoded, without what it echoes of the request): where phrases are looked for. */
  readonly texts: string;
}

/**
 * Reads any error body: Anthropic's envelope, OpenAI's, OpenRouter's (`metadata.raw`), Google's array, FastAPI's `detail`,
 * `{"error": "text"}`, an SSE `data:` line, JSON inside a message, JSON that was cut, HTML, plain text. Never throws.
 */
export function readErrorBody(body: string): ErrorFacts {
  const text = body
    .slice(0, ERROR_BODY_LIMIT)
    .replace(/^\ufeff/, '')
    .trim();
  if (text === '') return { texts: '' };
  if (isHtml(text)) {
    const summary = htmlSummary(text);
    return { html: true, texts: summary, ...(summary === '' ? {} : { message: summary }) };
  }
  const json = parsed(text) ?? parsed(dataLines(text));
  if (json === undefined) return readCutJson(text);
  const texts: string[] = [];
  collectTexts(json, texts, 0);
  return { ...readValue(json, 0), texts: texts.join('\n') };
}

type Named = Omit<ErrorFacts, 'texts' | 'html'>;
type JsonObject = Readonly<Record<string, unknown>>;

function parsed(text: string): unknown {
  return /^[[{"]/.test(text) ? parseJson(text) : undefined;
}

function dataLines(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.startsWith('data:'));
  return lines.map((line) => line.slice('data:'.length).trim()).find((data) => data.startsWith('{')) ?? '';
}

/** A body longer than we read, or broken: the first message in it is better than nothing. */
function readCutJson(text: string): ErrorFacts {
  if (!/^(?:[[{]|data:|event:)/.test(text)) return { message: text, texts: text };
  const error = text.slice(Math.max(0, text.indexOf('"error"')));
  const found = /"(?:message|detail|error)"\s*:\s*("(?:[^"\\]|\\.){0,20000})/.exec(error)?.[1];
  const message = found === undefined ? text : String(parsed(`${found}"`) ?? found.slice(1));
  return { message, texts: message };
}

function readValue(value: unknown, depth: number): Named {
  if (depth > DEEPEST) return {};
  if (typeof value === 'string') return readText(value, depth);
  if (Array.isArray(value)) return readArray(value, depth);
  if (!isRecord(value)) return {};
  // Anthropic's outer `type: "error"` and vLLM's `object: "error"` name the envelope, not the error.
  const type = value.type === 'error' ? undefined : (word(value.type) ?? word(value.status));
  const code = word(value.code) ?? word(value.error_code);
  const own: Named = { ...named('type', type), ...named('code', code) };
  const inner = readInner(value, depth);
  const reasons = isRecord(value.metadata) ? readValue(value.metadata.raw, depth + 1) : {};
  const message = [inner.message, reasons.message].filter((part) => part !== undefined).join(': ');
  return { ...own, ...inner, ...named('message', message === '' ? undefined : message) };
}

function readInner(value: JsonObject, depth: number): Named {
  for (const key of [
    'error',
    'message',
    'detail',
    'errors',
    'msg',
    'error_msg',
    'error_description',
    'text',
  ]) {
    const inner = value[key];
    if (inner === undefined || inner === null || inner === '') continue;
    const read = readValue(inner, depth + 1);
    if (Object.keys(read).length > 0) return read;
  }
  return {};
}

/** A message may itself be one of these bodies. */
function readText(text: string, depth: number): Named {
  const json = /^\s*[[{]/.test(text) ? parsed(text.trim()) : undefined;
  const inner = json === undefined ? {} : readValue(json, depth + 1);
  return inner.message === undefined ? named('message', text.trim() === '' ? undefined : text) : inner;
}

function readArray(values: readonly unknown[], depth: number): Named {
  const reads = values.slice(0, 5).map((value) => ({ value, read: readValue(value, depth + 1) }));
  const [first] = reads;
  if (first === undefined) return {};
  // FastAPI: each with `loc`, where, and `msg`, what.
  const messages = reads.map(({ value, read }) => {
    const where = isRecord(value) && Array.isArray(value.loc) ? `${value.loc.join('.')}: ` : '';
    return read.message === undefined ? undefined : `${where}${read.message}`;
  });
  const message = messages.filter((part) => part !== undefined).join('; ');
  return { ...first.read, ...named('message', message === '' ? undefined : message) };
}

function collectTexts(value: unknown, texts: string[], depth: number): void {
  if (depth > 8 || texts.length > 200) return;
  if (typeof value === 'string') {
    const json = /^\s*[[{]/.test(value) ? parsed(value.trim()) : undefined;
    if (json === undefined) texts.push(value);
    else collectTexts(json, texts, depth + 1);
  } else if (Array.isArray(value)) {
    for (const item of value) collectTexts(item, texts, depth + 1);
  } else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value))
      if (!ECHOES.has(key)) collectTexts(item, texts, depth + 1);
  }
}

function word(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' && value.length <= 100 ? value : undefined;
}

function named<K extends keyof Named>(key: K, value: string | undefined): Named {
  return value === undefined ? {} : { [key]: value };
}
