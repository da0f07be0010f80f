import type { HttpBehaviour, Step, TimeAhead } from './behaviour.ts';
import { compress, headBytes } from './wire.ts';

/** Statuses whose answers have no body and no length. */
const WITHOUT_BODY: readonly number[] = [204, 304];

/** The same behaviour with its times filled in, seen from `now` (wall clock, ms). */
export function withTimes(behaviour: HttpBehaviour, now: number): HttpBehaviour {
  const times = Object.entries(behaviour.times ?? {});
  const headers = times.map(([name, ahead]) => [name, timeText(ahead, now)]);
  return { ...behaviour, headers: { ...behaviour.headers, ...Object.fromEntries(headers) } };
}

function timeText(ahead: TimeAhead, now: number): string {
  const at = new Date(now + ahead.inSeconds * 1000);
  if (ahead.as === 'http_date') return at.toUTCString();
  return ahead.as === 'iso_date' ? at.toISOString() : String(Math.floor(at.getTime() / 1000));
}

/** The steps of an answer of known length. */
export async function httpSteps(behaviour: HttpBehaviour): Promise<readonly Step[]> {
  const plain = bodyBytes(behaviour.body);
  const body = behaviour.encoding === undefined ? plain : await compress(plain, behaviour.encoding);
  const head = headBytes(behaviour.status, ownHeaders(behaviour, body.length), behaviour.headers ?? {});
  const sent = behaviour.truncate ? body.subarray(0, behaviour.truncate.bytes) : body;
  return [
    ...(behaviour.delayMs === undefined ? [] : [{ do: 'wait', ms: behaviour.delayMs } as const]),
    { do: 'write', bytes: Buffer.concat([head, sent]) },
    ...endSteps(behaviour),
  ];
}

function endSteps(behaviour: HttpBehaviour): readonly Step[] {
  if (behaviour.truncate) return [{ do: behaviour.truncate.ends }];
  return behaviour.readBody === 'never' ? [{ do: 'close' }] : [];
}

function ownHeaders(behaviour: HttpBehaviour, length: number): Readonly<Record<string, string>> {
  const isJson = typeof behaviour.body === 'object' && !Buffer.isBuffer(behaviour.body);
  return {
    ...(isJson ? { 'content-type': 'application/json' } : {}),
    ...(behaviour.encoding === undefined ? {} : { 'content-encoding': behaviour.encoding }),
    ...(behaviour.readBody === 'never' ? { connection: 'close' } : {}),
    ...(WITHOUT_BODY.includes(behaviour.status) ? {} : { 'content-length': String(length) }),
  };
}

function bodyBytes(body: HttpBehaviour['body']): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
