/** A data URL's content. */
export interface DataUrl {
  /** In lower case, without parameters; `text/plain` where it names none. */
  readonly mediaType: string;
  base64(): string;
  text(): string;
}

/** Longest head (media type and parameters) that is looked for, characters. */
const LONGEST_HEAD = 256;

/** Reads `data:image/png;charset=x;base64,…`, and the percent-encoded form. `undefined`: it is none. */
export function readDataUrl(url: string): DataUrl | undefined {
  const comma = url.slice(0, LONGEST_HEAD).indexOf(',');
  if (comma === -1 || url.slice(0, 5).toLowerCase() !== 'data:') return undefined;
  const [mediaType = '', ...parameters] = url
    .slice(5, comma)
    .split(';')
    .map((word) => word.trim().toLowerCase());
  const data = url.slice(comma + 1);
  const isBase64 = parameters.includes('base64');
  return {
    mediaType: mediaType === '' ? 'text/plain' : mediaType,
    base64: () => (isBase64 ? data.replace(/\s+/g, '') : Buffer.from(unescaped(data)).toString('base64')),
    text: () => (isBase64 ? Buffer.from(data, 'base64').toString('utf8') : unescaped(data)),
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
