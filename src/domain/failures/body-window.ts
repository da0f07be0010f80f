import {
  dateInstant,
  durationMs,
  futureInstant,
  plainNumber,
  resetInstant,
  unixInstant,
} from './time-hint.ts';

/** A time found in an error's text, and the words it was found under. */
export interface BodyHint {
  /** Wall clock ms, in the future. */
  readonly until: number;
  readonly source: string;
}

/** Longest text that is searched, characters. */
const SEARCHED = 65_536;

/** `"retry_after": 12`, `"retryDelay": "34s"` (Gemini), `"quotaResetDelay": "1h2m"`; seconds, or ms where the name says so. */
const DELAY_FIELD =
  /\\?"(retry[_-]?after(?:[_-]?(?:ms|milliseconds|seconds|secs?))?|retry[_-]?delay|resets?[_-]in(?:[_-]?seconds)?|reset[_-]?after|quotaResetDelay)\\?"\s*:\s*\\?"?([\w.+: -]{1,40})/gi;
/** `"resets_at": 1760000000`, `"X-RateLimit-Reset": "1760000000000"` (OpenRouter's metadata.headers), or a date. */
const INSTANT_FIELD =
  /\\?"(resets?[_-]?(?:at|time|timestamp)|retry[_-]?at|available[_-]?at|quotaResetTime(?:Stamp)?|x-ratelimit-reset(?:[\w-]{0,30}))\\?"\s*:\s*\\?"?([\w.+: -]{1,40})/gi;
/** "try again in 7.66s", "Please retry after 5 seconds", "resets in 2 hours 5 minutes". */
const DELAY_WORDS =
  /\b(try(?:ing)? again|retry(?:ing)?|wait|resets?|available(?: again)?)\s+(?:in|after|for|at least)?\s*(?:about\s+|approximately\s+|another\s+)?(\d[\d.]{0,11}\s*(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\b(?:[\s,]{0,2}(?:and\s+)?\d[\d.]{0,11}\s*(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\b){0,3}|\d[\dhms.]{1,20}\b)/gi;
/** "reset at 2026-11-21 12:00:00 UTC", "regain access on 2026-12-01 at 00:00 UTC", "将在 2026-11-21 12:00:00 重置". */
const DATE_WORDS =
  /(resets?|again|access|retry|until|available|after|重置|恢复|刷新|将(?:于|在)|在)[^\d\n]{0,24}(\d{4}-\d{2}-\d{2})(?:[T ]|\s?at\s)(\d{2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?)\s?(Z|UTC|GMT|[+-]\d{2}:?\d{2}|)/gi;
/** "Claude AI usage limit reached|1760000000", as the account's own limit text has it. */
const PIPED_INSTANT = /limit reached\|(\d{10,13})\b/i;
const CHINESE_DELAY = /(\d{1,9}(?:\.\d{1,3})?)\s*(毫秒|秒|分钟|小时|天)\s*(?:钟)?(?:之?后|再试|重试)/;
const CHINESE_UNIT: Readonly<Record<string, string>> = { 毫秒: 'ms', 秒: 's', 分钟: 'm', 小时: 'h', 天: 'd' };
const CHINESE = /[\u4e00-\u9fff]/;

/**
 * A reset time in an error's body: a field, or a sentence. Fields are believed before sentences. A date without a zone is
 * read as UTC, beside Chinese words as Beijing time (resellers write their own clock); a wrong guess costs little, the
 * cooldown is capped.
 */
export function bodyHint(body: string, now: number): BodyHint | undefined {
  const text = body.length > SEARCHED ? body.slice(0, SEARCHED) : body;
  return fieldHint(text, now) ?? sentenceHint(text, now);
}

function fieldHint(text: string, now: number): BodyHint | undefined {
  for (const [, name = '', value = ''] of text.matchAll(DELAY_FIELD)) {
    const until = futureInstant(delayInstant(name, value, now), now);
    if (until !== undefined) return { until, source: `${name} in the body` };
  }
  for (const [, name = '', value = ''] of text.matchAll(INSTANT_FIELD)) {
    const until = instantField(value, now);
    if (until !== undefined) return { until, source: `${name} in the body` };
  }
  return undefined;
}

function delayInstant(name: string, value: string, now: number): number | undefined {
  const number = plainNumber(value);
  if (number === undefined) return resetInstant(value, now);
  return now + number * (/m(?:illi)?s(?:econds)?$/i.test(name) ? 1 : 1000);
}

function instantField(value: string, now: number): number | undefined {
  const number = plainNumber(value);
  if (number === undefined) return resetInstant(value, now);
  return futureInstant(unixInstant(number), now);
}

function sentenceHint(text: string, now: number): BodyHint | undefined {
  for (const [, words = '', amount = ''] of text.matchAll(DELAY_WORDS)) {
    const delay = durationMs(amount.replace(/\band\b/gi, ''));
    const until = delay === undefined ? undefined : futureInstant(now + delay, now);
    if (until !== undefined) return { until, source: `"${words.toLowerCase()} …" in the body` };
  }
  const zone = CHINESE.test(text) ? '+08:00' : 'Z';
  for (const [, words = '', day = '', time = '', offset = ''] of text.matchAll(DATE_WORDS)) {
    const until = futureInstant(dateInstant(`${day} ${time}${offset}`, zone), now);
    if (until !== undefined) return { until, source: `"${words.toLowerCase()} …" in the body` };
  }
  return pipedHint(text, now) ?? chineseHint(text, now);
}

function pipedHint(text: string, now: number): BodyHint | undefined {
  const value = PIPED_INSTANT.exec(text)?.[1];
  const until = value === undefined ? undefined : futureInstant(unixInstant(Number(value)), now);
  return until === undefined ? undefined : { until, source: '"limit reached|…" in the body' };
}

function chineseHint(text: string, now: number): BodyHint | undefined {
  const [, amount = '', unit = ''] = CHINESE_DELAY.exec(text) ?? [];
  const delay = durationMs(`${amount}${CHINESE_UNIT[unit] ?? ''}`);
  const until = delay === undefined ? undefined : futureInstant(now + delay, now);
  return until === undefined ? undefined : { until, source: `"${amount} ${unit}" in the body` };
}
