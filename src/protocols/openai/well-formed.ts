import { isRecord } from '../../domain/is-record.ts';

/** Half a surrogate pair as JSON writes it; JSON.stringify leaves whole pairs as they are. */
const ESCAPED_HALF = /\\ud[89a-f]/;
const HALF = /\p{Surrogate}/gu;
/** A surrogate, be it part of a pair: a quick look before the slow one. */
const SURROGATE = /[\ud800-\udfff]/;

/** The value as JSON without halves of surrogate pairs, which strict parsers refuse: U+FFFD stands in their place. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('\\ud') && ESCAPED_HALF.test(json) ? JSON.stringify(wellFormed(value)) : json;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(HALF, '\ufffd');
  if (Array.isArray(value)) return value.map(wellFormed);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.replace(HALF, '\ufffd'), wellFormed(item)]),
  );
}

/** Joins texts that come in pieces: the first half of a surrogate pair waits for the other. */
export class SurrogateJoin {
  #waiting = '';

  push(text: string): string {
    if (text === '') return '';
    const joined = this.#waiting + text;
    const last = joined.charCodeAt(joined.length - 1);
    const open = last >= 0xd800 && last <= 0xdbff;
    this.#waiting = open ? joined.slice(-1) : '';
    const whole = open ? joined.slice(0, -1) : joined;
    return SURROGATE.test(whole) ? whole.replace(HALF, '\ufffd') : whole;
  }

  /** A half that nothing followed. */
  finish(): string {
    const rest = this.#waiting === '' ? '' : '\ufffd';
    this.#waiting = '';
    return rest;
  }
}
