import type { EventPart, HttpBehaviour } from './behaviour.ts';

/** Anthropic's error envelope. */
export function errorBody(type: string, message: string): object {
  return { type: 'error', error: { type, message } };
}

/** An HTTP error in Anthropic's envelope. */
export function apiError(
  status: number,
  type: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpBehaviour {
  return { kind: 'http', status, headers, body: errorBody(type, message) };
}

/** An HTTP error in OpenAI's envelope. */
export function openaiError(
  status: number,
  type: string,
  message: string,
  code: string | null = null,
): HttpBehaviour {
  return { kind: 'http', status, body: { error: { message, type, param: null, code } } };
}

/** An HTTP error as a gateway's or a challenge's HTML page. */
export function htmlError(status: number, title: string): HttpBehaviour {
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body><center><h1>${title}</h1></center></body>\r\n</html>\r\n`;
  return { kind: 'http', status, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

/** The `error` event by which a stream fails under HTTP 200. */
export function errorEvent(type: string, message: string): EventPart {
  return { kind: 'event', name: 'error', data: errorBody(type, message) };
}
