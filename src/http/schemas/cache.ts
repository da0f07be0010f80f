import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const BroadcastSchema = v.pipe(
  v.object({
    request_id: v.pipe(v.string(), v.description('Of the request that it began for.')),
    endpoint: v.picklist(['messages', 'count_tokens']),
    model: v.string(),
    provider: v.optional(v.pipe(v.string(), v.description('Who is asked at this moment, or answers.'))),
    subscribers: v.pipe(count, v.description('Clients that wait for the answer or are getting it.')),
    committed: v.pipe(v.boolean(), v.description('The answer has begun.')),
    bytes: v.pipe(count, v.description('Of the stream so far.')),
    age_seconds: v.pipe(v.number(), v.description('Since its first request came.')),
  }),
  v.title('Broadcast'),
);

export const CacheSchema = v.pipe(
  v.object({
    entries: v.pipe(count, v.description('Kept answers, counts of tokens among them.')),
    bytes: v.pipe(count, v.description('Their size.')),
    hits: v.pipe(count, v.description('Requests that got a kept answer, since the start.')),
    misses: v.pipe(count, v.description('Requests for which one was looked for in vain.')),
    hit_rate: v.nullable(v.pipe(v.number(), v.description('hits / (hits + misses); null without any.'))),
    broadcasts: v.pipe(
      v.array(BroadcastSchema),
      v.description('Requests in flight that equal ones can join.'),
    ),
  }),
  v.title('Cache'),
);

export const CacheClearedSchema = v.pipe(
  v.object({
    status: v.literal('cache cleared'),
    cleared: v.pipe(count, v.description('Answers that were forgotten.')),
  }),
  v.title('CacheCleared'),
);
