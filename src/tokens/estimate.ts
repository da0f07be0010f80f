/** JSON of a request comes to about so many bytes a token. */
const BYTES_A_TOKEN = 4;
/** What a picture or a document comes to, whatever its size: about the most that one image can. */
const ATTACHMENT = 1_600;
/** Shorter strings of this name are text. Bytes. */
const SHORTEST_ATTACHMENT = 1_000;
const DATA = Buffer.from('"data":');
const QUOTE = 0x22;

/**
 * A cheap estimate of a request's input tokens: a quarter of its bytes, attachments in base64 by their number. The body
 * is searched, not parsed: 0.2 ms for 1 MB. Never throws; at least 1.
 */
export function estimateTokens(body: Buffer): number {
  let bytes = body.length;
  let tokens = 0;
  let next = 0;
  for (let at = body.indexOf(DATA); at !== -1; at = body.indexOf(DATA, next)) {
    next = at + DATA.length;
    const start = body.indexOf(QUOTE, next);
    const end = start === -1 ? -1 : body.indexOf(QUOTE, start + 1);
    if (end === -1) break;
    if (end - start <= SHORTEST_ATTACHMENT) continue;
    bytes -= end - start;
    tokens += ATTACHMENT;
    next = end;
  }
  return Math.max(1, tokens + Math.ceil(bytes / BYTES_A_TOKEN));
}
