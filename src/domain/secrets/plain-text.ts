/** Text from providers made fit for a log line, a terminal or an error message. */

/** Longest piece of a provider's text that is shown anywhere, characters. */
export const CLAUSE_LIMIT = 300;
/** Longest HTML page that is looked into, characters. */
const HTML_SEARCHED = 20_000;

const HTML = /^\s*(?:<!--[\s\S]{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body|title|h1|center)\b/i;
/** Colours and cursor movements of terminals. */
const TERMINAL = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');
/** Control characters, direction marks, zero-width characters. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** Things that look like a credential, wherever they come from; configured secrets are struck out elsewhere, by value. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"'<>]{1,200}@/gi, '$1'],
  [/\b(bearer|basic)\s+[\w.~+/-]{8,}=*/gi, '$1 …'],
  [/\b(?:sk-[\w*.-]{6,}|(?:pk|rk|ak|key|cr)-(?=[\w*.-]{0,200}\d)[\w*.-]{6,})/gi, '…'],
  [/\bgsk_[\w*]{8,}|\bAIza[\w-]{16,}|\beyJ[\w-]{10,}\.[\w-]{4,}[\w.-]*/g, '…'],
  [/((?:api[-_ ]?key|token|secret|password|authorization)["']?\s*[:=]\s*["']?)[^\s"',;&)]{8,}/gi, '$1…'],
];

/** Strikes out what looks like a credential, and the user part of addresses. */
export function withoutCredentials(text: string): string {
  return SECRETS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

/** One line without control characters and credentials, at most `limit` characters (a cut is marked with `…`). */
export function clause(text: string, limit = CLAUSE_LIMIT): string {
  const bounded = text.length > limit * 20 ? text.slice(0, limit * 20) : text;
  const folded = withoutCredentials(
    bounded.replace(TERMINAL, '').replace(CONTROL, ' ').replace(/\s+/g, ' ').trim(),
  );
  if (folded.length <= limit) return folded;
  // A cut never leaves half of a surrogate pair behind.
  return `${folded.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Is this a page for browsers rather than an answer of an API? */
export function isHtml(text: string): boolean {
  return HTML.test(text.slice(0, 4000));
}

/** The title of an HTML page, or else the beginning of its visible text; may be empty. */
export function htmlSummary(page: string): string {
  const html = page.slice(0, HTML_SEARCHED);
  const title = /<title[^>]{0,200}>([^<]{1,500})/i.exec(html)?.[1]?.trim();
  return clause(title === undefined || title === '' ? htmlText(html) : unescapeHtml(title), 120);
}

/** The visible text of an HTML page. */
export function htmlText(page: string): string {
  const visible = page
    .slice(0, HTML_SEARCHED)
    .replace(/<(script|style)\b[\s\S]*?(?:<\/\1>|$)/gi, ' ')
    .replace(/<[^>]{0,2000}>?/g, ' ');
  return unescapeHtml(visible).replace(/\s+/g, ' ').trim();
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  nbsp: ' ',
};

function unescapeHtml(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}
