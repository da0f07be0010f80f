import type {
  CutBehaviour,
  CutPoint,
  EventPart,
  MessageBehaviour,
  Step,
  StreamPart,
  StreamShape,
} from './behaviour.ts';
import { httpSteps } from './http-steps.ts';
import { type AnswerContext, messageEvents, messageJson, PING } from './message.ts';
import { completionEvents, completionJson } from './openai.ts';
import { streamSteps } from './stream-steps.ts';
import { partBytes } from './wire.ts';

/** What the request asked for, as far as the form of the answer depends on it. */
export interface Asked extends AnswerContext {
  readonly endpoint: 'messages' | 'completions' | 'count_tokens' | 'models';
  readonly stream: boolean;
  /** Length of the request's body, bytes. */
  readonly bytes: number;
}

/** A good answer in the form asked for. */
export async function answerSteps(answer: MessageBehaviour, asked: Asked): Promise<readonly Step[]> {
  const before: Step[] = [];
  if (answer.headDelayMs !== undefined) before.push({ do: 'wait', ms: answer.headDelayMs });
  if (answer.hold === 'before_head') before.push({ do: 'hold' });
  return [...before, ...(await formSteps(answer, asked))];
}

/** A good answer that is left at a point. */
export async function cutSteps(behaviour: CutBehaviour, asked: Asked): Promise<readonly Step[]> {
  const whole: MessageBehaviour = { kind: 'message', ...behaviour.of };
  if (!isStream(whole, asked)) return cutJson(behaviour, whole, asked);
  const parts = [...upTo(behaviour.after, eventsOf(whole, asked), whole), ...(behaviour.add ?? [])];
  return streamSteps(parts, { ...whole, ends: behaviour.ends }, idHeaders(asked));
}

function formSteps(answer: MessageBehaviour, asked: Asked): Promise<readonly Step[]> {
  if (asked.endpoint === 'count_tokens') return sideAnswer({ input_tokens: Math.ceil(asked.bytes / 4) });
  if (asked.endpoint === 'models') return sideAnswer(modelList());
  if (isStream(answer, asked)) {
    return streamSteps(paced(eventsOf(answer, asked), answer), answer, idHeaders(asked));
  }
  return httpSteps({
    kind: 'http',
    status: answer.status ?? 200,
    headers: { ...idHeaders(asked), ...answer.headers, ...answer.jsonHeaders },
    body: jsonOf(answer, asked),
    ...(answer.encoding === undefined ? {} : { encoding: answer.encoding }),
  });
}

function sideAnswer(body: object): Promise<readonly Step[]> {
  return httpSteps({ kind: 'http', status: 200, body });
}

function isStream(answer: MessageBehaviour, asked: Asked): boolean {
  const format = answer.format ?? 'asked';
  return format === 'asked' ? asked.stream : format === 'stream';
}

function eventsOf(answer: MessageBehaviour, asked: Asked): readonly EventPart[] {
  return asked.endpoint === 'completions' ? completionEvents(answer, asked) : messageEvents(answer, asked);
}

function jsonOf(answer: MessageBehaviour, asked: Asked): object {
  return asked.endpoint === 'completions' ? completionJson(answer, asked) : messageJson(answer, asked);
}

function idHeaders(asked: Asked): Readonly<Record<string, string>> {
  return { 'request-id': `req_${asked.provider}_${asked.number}` };
}

/** Puts waits, holds and the pings of hidden thinking between the events. */
function paced(events: readonly EventPart[], answer: MessageBehaviour): readonly StreamPart[] {
  return events.flatMap((part, at): readonly StreamPart[] => {
    const before: StreamPart[] = [];
    if (answer.delayMs !== undefined && at > 0) before.push({ kind: 'wait', ms: answer.delayMs });
    if (at === 1) before.push(...thinkingPings(answer));
    if (answer.hold === 'before_content' && at === 1) before.push({ kind: 'hold' });
    if (answer.hold === 'before_last' && at === events.length - 1) before.push({ kind: 'hold' });
    return [...before, part];
  });
}

function thinkingPings(answer: MessageBehaviour): readonly StreamPart[] {
  const { pings, everyMs } = answer.hiddenThinking ?? { pings: 0, everyMs: 0 };
  return Array.from({ length: pings }, () => [{ kind: 'wait', ms: everyMs } as const, PING]).flat();
}

type EventPoint = Exclude<CutPoint, 'head' | 'mid_delta'>;

const CUT_EVENT: Readonly<Record<EventPoint, string>> = {
  message_start: 'message_start',
  block_start: 'content_block_start',
  delta: 'content_block_delta',
  block_stop: 'content_block_stop',
  message_delta: 'message_delta',
};

/** What comes before the cut: up to the first event of the named point, inclusive. */
function upTo(point: CutPoint, events: readonly EventPart[], shape: StreamShape): readonly StreamPart[] {
  if (point === 'head') return [];
  if (point !== 'mid_delta') return events.slice(0, countTo(point, events));
  const whole = countTo('delta', events);
  const torn = partBytes(events[whole] ?? PING, shape).toString();
  return [...events.slice(0, whole), { kind: 'text', text: torn.slice(0, torn.length / 2) }];
}

/** How many events reach the point. Chat Completions has no such names: role, first piece, last piece, finish. */
function countTo(point: EventPoint, events: readonly EventPart[]): number {
  const at = events.findIndex((part) => part.name === CUT_EVENT[point]);
  if (at >= 0 || events[0]?.name !== undefined) return at + 1;
  const counts = { message_start: 1, block_start: 1, delta: 2, block_stop: events.length - 3 };
  return point === 'message_delta' ? events.length - 2 : counts[point];
}

async function cutJson(
  behaviour: CutBehaviour,
  whole: MessageBehaviour,
  asked: Asked,
): Promise<readonly Step[]> {
  const body = JSON.stringify(jsonOf(whole, asked));
  const ends = behaviour.ends === 'reset' || behaviour.ends === 'stall' ? behaviour.ends : 'fin';
  const bytes = behaviour.after === 'head' ? 0 : Math.floor(body.length / 2);
  const headers = { 'content-type': 'application/json', ...idHeaders(asked) };
  return httpSteps({ kind: 'http', status: 200, headers, body, truncate: { bytes, ends } });
}

function modelList(): object {
  const data = ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5'].map((id) => ({
    type: 'model',
    id,
    display_name: id,
    created_at: '2026-01-01T00:00:00Z',
  }));
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
}
