import { headerPairs, headerValue } from '../header-list.ts';
import { bodyHint } from './body-window.ts';
import type { StatedWindow } from './outcome.ts';
import { futureInstant, plainNumber, resetInstant, secondsOrDate } from './time-hint.ts';
import { unifiedVerdict } from './unified-window.ts';

const UNIFIED = 'anthropic-ratelimit-unified-';
/** `anthropic-ratelimit-tokens-reset`, `x-ratelimit-reset-requests`, `ratelimit-reset`: one bucket's reopening. */
const BUCKET_RESET = /^(?:anthropic-|x-)?ratelimit-(?:.*-)?reset(?:-|$)/;
/** A bucket that belongs to all models of a credential, by its header's name. */
const ACCOUNT_BUCKET = /-(?:account|organi[sz]ation|org)(?:-|$)/;
/**
 * Words by which a limit claims the whole account. A limit that names its model is that model's, although the same
 * sentence may speak of "your organization" (Anthropic's and OpenAI's limits are kept per model).
 */
const ACCOUNT_WORDS =
  /\b(?:limits?|exceed\w*|reached|quota) (?:of |for |on |by )?(?:your|this|the) (?:account|organi[sz]ation)\b|\b(?:your|this|the) (?:account|organi[sz]ation)(?:'s|’s)? (?:has|is|was|rate|usage|limit|quota|daily|weekly|monthly)\b|\b(?:account|organi[sz]ation)[- ](?:level|wide)\b|(?:账号|账户|组织)[^。\n]{0,12}(?:限|额)/i;
const MODEL_WORDS = /\b(?:models?|claude-|gpt-|opus|sonnet|haiku)|模型/i;

type Hint = Pick<StatedWindow, 'until' | 'source'>;

/**
 * The time that a provider itself named, from headers or body; `undefined` if it named none. Believed in this order:
 * `retry-after-ms`, `retry-after`, the unified windows of a rejected account, buckets with nothing remaining (the latest of
 * them), the body. Negative, worded, past, zero and values beyond a year are absent; anything else is given uncapped.
 *
 * The unified headers count only under HTTP 429 (docs/oauth.md, part C): pass another `status` and they are not looked at.
 */
export function statedWindow(
  headers: readonly string[],
  bodyText: string | undefined,
  now: number,
  status = 429,
): StatedWindow | undefined {
  const unified = status === 429 ? unifiedVerdict(headers, now) : undefined;
  const hint =
    retryAfter(headers, now) ??
    unified ??
    emptyBucket(headers, now) ??
    (bodyText === undefined ? undefined : bodyHint(bodyText, now));
  if (hint === undefined) return undefined;
  const { until, source } = hint;
  return { until, source, scope: unified?.scope ?? namedScope(source, headers, bodyText) };
}

function retryAfter(headers: readonly string[], now: number): Hint | undefined {
  const ms = plainNumber(headerValue(headers, 'retry-after-ms') ?? '');
  const untilMs = ms === undefined ? undefined : futureInstant(now + ms, now);
  if (untilMs !== undefined) return { until: untilMs, source: 'retry-after-ms' };
  const until = secondsOrDate(headerValue(headers, 'retry-after') ?? '', now);
  return until === undefined ? undefined : { until, source: 'retry-after' };
}

/** Of several buckets only those with nothing remaining hold the request back; it may pass when the last of them reopens. */
function emptyBucket(headers: readonly string[], now: number): Hint | undefined {
  const pairs = headerPairs(headers);
  const values = new Map(pairs);
  let latest: Hint | undefined;
  for (const [name, value] of pairs) {
    if (!BUCKET_RESET.test(name) || name.startsWith(UNIFIED)) continue;
    if (plainNumber(values.get(name.replace('reset', 'remaining')) ?? '') !== 0) continue;
    const until = resetInstant(value, now);
    if (until !== undefined && until > (latest?.until ?? 0)) latest = { until, source: name };
  }
  return latest;
}

function namedScope(
  source: string,
  headers: readonly string[],
  bodyText: string | undefined,
): StatedWindow['scope'] {
  if (ACCOUNT_BUCKET.test(source)) return 'provider';
  if (/^(?:account|organi[sz]ation)$/i.test(headerValue(headers, 'x-ratelimit-scope') ?? ''))
    return 'provider';
  const text = bodyText?.slice(0, 65_536) ?? '';
  return ACCOUNT_WORDS.test(text) && !MODEL_WORDS.test(text) ? 'provider' : 'pair';
}
