import { message, type Received, stream } from './msw-bench.ts';

/** A provider that always answers well: in a stream where one is asked for. */
export function answerWell({ body }: Pick<Received, 'body'>): Response {
  return body.includes('"stream":true') ? stream() : message();
}

export function json(value: unknown): Response {
  return new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' } });
}
