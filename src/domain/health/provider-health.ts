import type { AttemptMode } from '../decision/trace.ts';
import { policyFor, ruleFor } from '../failures/counting-policy.ts';
import type { Endpoint, Failure } from '../failures/outcome.ts';
import type { Availability } from './availability.ts';
import { afterCutShort } from './cooldown.ts';
import {
  availability,
  claimTrial,
  commitTrial,
  HEALTHY,
  type HealthPolicy,
  type HealthRecord,
  type Verdict,
} from './health.ts';
import { afterFailure, afterNoFault, afterQuiet, afterSuccess } from './health-verdict.ts';

/**
 * All health of one provider: its own, that of its (provider, model) pairs and of its side endpoints.
 * Pairs are records, not actors: client-chosen model names must not grow timers.
 */
export interface ProviderHealth {
  readonly provider: HealthRecord;
  /** Upstream model → record; only pairs with something to tell. Insertion order is the order of last use. */
  readonly pairs: ReadonlyMap<string, HealthRecord>;
  readonly endpoints: ReadonlyMap<Endpoint, HealthRecord>;
}

export const HEALTHY_PROVIDER: ProviderHealth = { provider: HEALTHY, pairs: new Map(), endpoints: new Map() };

/** What an attempt was for. */
export interface AttemptTarget {
  readonly model: string;
  readonly endpoint: Endpoint;
}

/** At most so many pairs are remembered a provider; the least recently used go first. */
export const MAX_PAIRS = 256;

/** What a candidate's health allows at `now`: the worst of its provider, its pair and, for a side endpoint, that endpoint. */
export function candidateAvailability(
  health: ProviderHealth,
  target: AttemptTarget,
  now: number,
): Availability {
  const ofProvider = availability(health.provider, now);
  const pair = health.pairs.get(target.model);
  const both = pair === undefined ? ofProvider : worse(ofProvider, availability(pair, now));
  if (target.endpoint === 'messages') return both;
  // A side endpoint is no trial of the provider: it waits until messages have proved it well.
  if (both.kind === 'trial_due') return { kind: 'trial_running' };
  const endpoint = health.endpoints.get(target.endpoint);
  return endpoint === undefined ? both : worse(both, availability(endpoint, now));
}

const SEVERITY = { ready: 0, full: 0, trial_due: 1, trial_running: 2, cooling: 3, disabled: 4 } as const;
const BASIS_SEVERITY = { suspicion: 0, certain: 1, window: 2 } as const;

function worse(a: Availability, b: Availability): Availability {
  if (a.kind === 'cooling' && b.kind === 'cooling') {
    const [first, second] = BASIS_SEVERITY[a.basis] >= BASIS_SEVERITY[b.basis] ? [a, b] : [b, a];
    return { ...first, until: Math.max(first.until, second.until) };
  }
  return SEVERITY[a.kind] >= SEVERITY[b.kind] ? a : b;
}

/** An attempt begins: a trial takes its place in every record that has a trial due (or cools, for a desperate try). */
export function attemptStarted(
  health: ProviderHealth,
  target: AttemptTarget,
  attemptId: string,
  mode: AttemptMode,
  at: number,
): ProviderHealth {
  const used = pairUsed(health, target);
  if (mode === 'normal') return used;
  return mapRecords(used, target, (record) => claimTrial(record, attemptId, mode, at));
}

/** Its pair, where it has one, is the last that would be forgotten. */
function pairUsed(health: ProviderHealth, target: AttemptTarget): ProviderHealth {
  const record = target.endpoint === 'messages' ? health.pairs.get(target.model) : undefined;
  if (record === undefined) return health;
  const pairs = new Map(health.pairs);
  pairs.delete(target.model);
  return { ...health, pairs: pairs.set(target.model, record) };
}

/** An attempt's first content came. */
export function attemptCommitted(
  health: ProviderHealth,
  target: AttemptTarget,
  attemptId: string,
): ProviderHealth {
  return mapRecords(health, target, (record) => commitTrial(record, attemptId));
}

/** An attempt's end, judged once by its row of the failure table. */
export function attemptSettled(
  health: ProviderHealth,
  target: AttemptTarget,
  verdict: Verdict,
  general: HealthPolicy,
): ProviderHealth {
  const { outcome } = verdict;
  const policy = policyFor(target.endpoint, general);
  const rested = mapRecords(health, target, (record) => afterQuiet(record, policy, verdict.at));
  if (outcome.kind === 'success')
    return mapRecords(rested, target, (record) => afterSuccess(record, verdict, policy));
  if (outcome.cutShort === true)
    return mapRecords(rested, target, (record) => afterCutShort(record, verdict, outcome, policy));
  const rule = ruleFor(outcome, target.endpoint, policy);
  const blamed = rule.counts === 'never' ? undefined : blamedScope(outcome, rule.blame);
  const judged =
    blamed === undefined
      ? rested
      : updateRecord(rested, target, blamed, (record) =>
          afterFailure(record, verdict, outcome, rule, policy),
        );
  return mapRecords(judged, target, (record) => afterNoFault(record, verdict.attemptId));
}

type Scope = 'provider' | 'pair' | 'endpoint';

function blamedScope(failure: Failure, blame: string): Scope | undefined {
  switch (blame) {
    case 'provider':
    case 'pair':
    case 'endpoint':
      return blame;
    case 'window':
      return failure.window?.scope ?? 'pair';
    default:
      return undefined;
  }
}

/** Applies `change` to every record that an attempt at `target` touches and that exists. */
function mapRecords(
  health: ProviderHealth,
  target: AttemptTarget,
  change: (record: HealthRecord) => HealthRecord,
): ProviderHealth {
  if (target.endpoint !== 'messages')
    return health.endpoints.has(target.endpoint) ? updateRecord(health, target, 'endpoint', change) : health;
  const own = updateRecord(health, target, 'provider', change);
  return own.pairs.has(target.model) ? updateRecord(own, target, 'pair', change) : own;
}

function updateRecord(
  health: ProviderHealth,
  target: AttemptTarget,
  scope: Scope,
  change: (record: HealthRecord) => HealthRecord,
): ProviderHealth {
  if (scope === 'provider') {
    const provider = change(health.provider);
    return provider === health.provider ? health : { ...health, provider };
  }
  if (scope === 'pair') {
    const pairs = updated(health.pairs, target.model, change);
    return pairs === health.pairs ? health : { ...health, pairs };
  }
  const endpoints = updated(health.endpoints, target.endpoint, change);
  return endpoints === health.endpoints ? health : { ...health, endpoints };
}

function updated<Key>(
  records: ReadonlyMap<Key, HealthRecord>,
  key: Key,
  change: (record: HealthRecord) => HealthRecord,
): ReadonlyMap<Key, HealthRecord> {
  const before = records.get(key) ?? HEALTHY;
  const after = change(before);
  if (after === before) return records;
  const next = new Map(records);
  next.delete(key);
  next.set(key, after);
  for (const oldest of next.keys()) {
    if (next.size <= MAX_PAIRS) break;
    next.delete(oldest);
  }
  return next;
}
