import { type Fingerprint, fingerprintOf } from '../domain/fingerprint.ts';
import { comparableParts } from '../protocols/anthropic/body-parts.ts';
import type { AdmittedRequest } from './admission.ts';

/** What a request may share with others. */
export interface RequestIdentified {
  readonly fingerprint: Fingerprint;
  /** With requests in flight. */
  readonly shares: boolean;
  /** Whether it may join one; others may join it all the same. */
  readonly joins: boolean;
  /** Whether a kept answer will do. */
  readonly looks: boolean;
  /** How long its own answer is kept; 0: not at all. ms */
  readonly ttlMs: number;
}

/** A count of tokens depends on nothing but its request. ms */
const COUNT_TTL_MS = 300_000;

/** What a request may share; undefined: nothing. */
export function identify(admitted: AdmittedRequest): RequestIdentified | undefined {
  const { request, walked, header, facts, runtime, tiers } = admitted;
  const { deduplication, cache } = runtime.configuration.settings;
  const isCount = facts.endpoint === 'count_tokens';
  // Without a session an SDK that samples ten answers must get ten.
  const isInScope = isCount || deduplication.scope === 'all' || facts.session !== undefined;
  if (!isInScope) return undefined;
  const route = tiers[0]?.[0]?.route;
  const answerTtlMs = (route === undefined ? undefined : cache.routeTtlMs.get(route)) ?? cache.ttlMs;
  const countTtlMs = deduplication.enabled ? COUNT_TTL_MS : 0;
  const keptMs = isCount ? countTtlMs : answerTtlMs;
  const ttlMs = header.noStore ? 0 : keptMs;
  if (!deduplication.enabled && ttlMs <= 0) return undefined;
  const fingerprint = fingerprintOf(
    {
      endpoint: facts.endpoint,
      path: request.path,
      session: facts.session,
      agent: facts.agent,
      beta: header.beta,
      version: header.version,
      credential: request.caller,
    },
    walked.bytes,
    comparableParts(walked.members, deduplication.maxTokensCounts),
  );
  return {
    fingerprint,
    shares: deduplication.enabled,
    joins: deduplication.enabled && !header.bypass,
    // A pinned request is answered by its provider, not by whoever answered before.
    looks: ttlMs > 0 && !header.bypass && !admitted.isPinned,
    ttlMs,
  };
}
