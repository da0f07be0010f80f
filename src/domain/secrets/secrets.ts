/** Strikes configured secrets out of what others may see. */
export interface Redactor {
  text(text: string): string;
  /** The same buffer if nothing was found. */
  bytes(bytes: Buffer): Buffer;
}

export const REDACTED = '***';

/** A shorter "secret" is a word that answers are full of. */
const MIN_SECRET = 6;
/** How much of a secret's beginning or end must show before a shortened echo ("sk-abcdefghijk…") is struck. */
const MIN_PART = 12;

/**
 * Builds a redactor from every configured secret. Found are: the secret itself; as JSON, percent-encoded or form text
 * writes it; and its beginning or end from 12 characters on. Secrets below 6 characters are not looked for. Costs two
 * searches a secret where nothing matches.
 */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const needles = needlesOf(secrets);
  // Bytes are searched as latin1, one character a byte, so that positions stay what they are.
  const byteNeedles = needles.map((form) => Buffer.from(form, 'utf8').toString('latin1'));
  return {
    text: (text) => strike(text, needles),
    bytes(bytes) {
      if (needles.length === 0) return bytes;
      const text = bytes.toString('latin1');
      const struck = strike(text, byteNeedles);
      return struck === text ? bytes : Buffer.from(struck, 'latin1');
    },
  };
}

function needlesOf(secrets: Iterable<string>): string[] {
  const forms = new Set<string>();
  for (const raw of secrets) {
    const secret = raw.trim();
    if (secret.length < MIN_SECRET) continue;
    for (const form of formsOf(secret)) forms.add(form);
  }
  return [...forms];
}

function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const percent = percentEncoded(secret);
  return [
    secret,
    json,
    json.replaceAll('/', '\\/'),
    asciiJson(json),
    asciiJson(json).replaceAll('/', '\\/'),
    percent,
    percent.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    percent.replaceAll('%20', '+'),
  ];
}

function percentEncoded(secret: string): string {
  try {
    return encodeURIComponent(secret);
  } catch {
    return secret;
  }
}

/** As encoders write JSON that keep to ASCII. */
function asciiJson(json: string): string {
  return json.replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

type Range = readonly [start: number, end: number];

function strike(text: string, needles: readonly string[]): string {
  const found: Range[] = [];
  for (const needle of needles) {
    if (needle.length < MIN_PART) findWhole(text, needle, found);
    else {
      findBeginnings(text, needle, found);
      findEnds(text, needle, found);
    }
  }
  return found.length === 0 ? text : replaceRanges(text, found);
}

function findWhole(text: string, needle: string, found: Range[]): void {
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length))
    found.push([at, at + needle.length]);
}

function findBeginnings(text: string, needle: string, found: Range[]): void {
  const start = needle.slice(0, MIN_PART);
  for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, at + 1)) {
    let length = MIN_PART;
    while (length < needle.length && text[at + length] === needle[length]) length += 1;
    found.push([at, at + length]);
  }
}

function findEnds(text: string, needle: string, found: Range[]): void {
  const last = needle.slice(-MIN_PART);
  for (let at = text.indexOf(last); at >= 0; at = text.indexOf(last, at + 1)) {
    const end = at + MIN_PART;
    let length = MIN_PART;
    while (length < needle.length && text[end - length - 1] === needle[needle.length - length - 1])
      length += 1;
    found.push([end - length, end]);
  }
}

function replaceRanges(text: string, found: Range[]): string {
  found.sort(([a], [b]) => a - b);
  let result = '';
  let kept = 0;
  let struckTo = -1;
  for (const [start, end] of found) {
    if (start > struckTo) result += text.slice(kept, start) + REDACTED;
    struckTo = Math.max(struckTo, end);
    kept = struckTo;
  }
  return result + text.slice(kept);
}
