import type { CacheSettings, DeduplicationSettings } from '../domain/settings/settings.ts';
import type { SettingsEntry } from './schema.ts';
import { toMs } from './timeouts.ts';

export function readDeduplication(entry: SettingsEntry['deduplication']): DeduplicationSettings {
  return {
    enabled: entry.enabled,
    scope: entry.scope,
    maxTokensCounts: entry.include_max_tokens_in_signature,
    maxReplayBytes: entry.max_replay_bytes,
    maxQueueBytes: entry.max_queue_bytes,
    lingerMs: toMs(entry.linger),
    timeoutMs: toMs(entry.timeout),
  };
}

export function readCache(entry: SettingsEntry): CacheSettings {
  const routes = Object.entries(entry.cache.routes).map(([pattern, ttl]) => [pattern, toMs(ttl)] as const);
  return {
    ttlMs: toMs(entry.cache_ttl),
    routeTtlMs: new Map(routes),
    maxEntries: entry.cache_size_limit,
    maxBytes: entry.cache.max_bytes,
  };
}
