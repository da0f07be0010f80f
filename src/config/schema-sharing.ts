import * as v from 'valibot';
import { bytes, choice, count, flag, limitSeconds, seconds } from './fields.ts';

const MEBIBYTE = 1024 * 1024;

/** Equal requests in flight share one upstream call. */
export const DeduplicationSchema = v.object({
  enabled: v.optional(
    flag('Requests that are equal and in flight at one time share one request to a provider.'),
    true,
  ),
  scope: v.optional(
    choice(
      ['session', 'all'],
      'Who shares: requests that name their session, as Claude Code’s do, or all. Counts of tokens are shared always.',
    ),
    'session',
  ),
  include_max_tokens_in_signature: v.optional(
    flag('Requests that differ in `max_tokens` are not equal.'),
    false,
  ),
  max_replay_bytes: v.optional(
    count(
      'So much of an answer is kept for an equal request that comes later; whoever comes after that goes its own way, and `cache_ttl` keeps no longer stream. 0: only requests that wait for the first content share, and no stream is kept.',
      0,
      Number.MAX_SAFE_INTEGER,
      { unit: 'bytes' },
    ),
    8 * MEBIBYTE,
  ),
  max_queue_bytes: v.optional(
    bytes('A client that is further behind the fastest than this is cut off, alone.'),
    8 * MEBIBYTE,
  ),
  linger: v.optional(
    seconds('An answer that is coming is read on for so long after its last client left.'),
    0,
  ),
  timeout: v.optional(
    limitSeconds('So long a request waits for the first content of an equal one before it goes its own way.'),
    180,
  ),
});

export const cacheTtl = seconds('How long a whole answer is kept for the next equal request; 0: not at all.');
export const cacheSize = count('How many answers are kept.', 1);

/** Answers kept for the next equal request. */
export const CacheSchema = v.object({
  max_bytes: v.optional(bytes('How large all kept answers together may be.'), 64 * MEBIBYTE),
  routes: v.optional(
    v.pipe(
      v.record(v.string(), seconds('How long.')),
      v.description('By pattern of `model_routes`: a `cache_ttl` of its own.'),
    ),
    {},
  ),
});
