import type { CacheStatus } from '../engine/interface.ts';
import type { AppDependencies } from './context.ts';
import type { Route } from './route.ts';
import { CacheClearedSchema, CacheSchema } from './schemas/cache.ts';

const TAG = 'Cache';

/** What is kept and what is shared: to look at, and to forget. */
export function cacheRoutes(deps: AppDependencies): Route[] {
  return [
    {
      method: 'GET',
      path: '/cache',
      operation: {
        id: 'getCache',
        tag: TAG,
        summary: 'Kept answers and shared requests',
        answers: { 200: { description: 'The state at this moment.', schema: CacheSchema } },
      },
      handler: (c) => c.json(cacheView(deps.engine.cache())),
    },
    {
      method: 'DELETE',
      path: '/cache',
      operation: {
        id: 'clearCache',
        tag: TAG,
        summary: 'Forget all kept answers',
        description: 'Requests in flight are not touched.',
        answers: { 200: { description: 'Done.', schema: CacheClearedSchema } },
      },
      handler: (c) => c.json({ status: 'cache cleared', cleared: deps.engine.clearCache() }),
    },
  ];
}

function cacheView({ entries, bytes, hits, misses, broadcasts }: CacheStatus) {
  const looked = hits + misses;
  return {
    entries,
    bytes,
    hits,
    misses,
    hit_rate: looked === 0 ? null : Math.round((hits / looked) * 1000) / 1000,
    broadcasts: broadcasts.map((broadcast) => ({
      request_id: broadcast.requestId,
      endpoint: broadcast.endpoint,
      model: broadcast.model,
      ...(broadcast.provider !== undefined && { provider: broadcast.provider }),
      subscribers: broadcast.subscribers,
      committed: broadcast.committed,
      bytes: broadcast.bytes,
      age_seconds: Math.round(broadcast.ageMs / 100) / 10,
    })),
  };
}
