import { createHash } from 'node:crypto';
import { type Endpoint, FAILURE_KINDS, type FailureKind } from '../domain/failures/outcome.ts';
import type { Cooling, HealthRecord } from '../domain/health/health.ts';
import { HEALTHY_PROVIDER, type ProviderHealth } from '../domain/health/provider-health.ts';
import { isRecord } from '../domain/is-record.ts';
import type { LearnedParts } from '../domain/learning/learned-parts.ts';
import type { ProviderSettings } from '../domain/settings/settings.ts';
import { decodeLearned, encodeLearned } from './learned-codec.ts';

/** What is kept of health over a restart, to and from JSON. Whatever the file holds, reading it never throws. */

export interface KeptState {
  readonly health: ProviderHealth;
  readonly disabledByHand: boolean;
  readonly learned?: LearnedParts;
}

export interface CollectedState extends KeptState {
  readonly provider: ProviderSettings;
}

const VERSION = 1;

interface StoredProvider {
  readonly identity: string;
  readonly disabledByHand: boolean;
  readonly provider: StoredRecord;
  readonly pairs: Readonly<Record<string, StoredRecord>>;
  readonly endpoints: Readonly<Record<string, StoredRecord>>;
  readonly learned?: unknown;
}

interface StoredRecord {
  readonly failures: number;
  readonly trips: number;
  readonly lastFailureAt?: number;
  readonly cooling?: Cooling;
}

export interface StoredState {
  readonly version: number;
  /** Without it an identity could be guessed from the file. */
  readonly salt: string;
  readonly providers: Readonly<Record<string, unknown>>;
}

/** The file's text as a state; throws with the reason if it is none. */
export function parseState(text: string): StoredState {
  const value: unknown = JSON.parse(text);
  if (
    isRecord(value) &&
    value.version === VERSION &&
    typeof value.salt === 'string' &&
    isRecord(value.providers)
  )
    return { version: VERSION, salt: value.salt, providers: value.providers };
  throw new Error('it has another form');
}

/**
 * What was kept of this provider. Health and what was learned only if its address and credential are still the same; what
 * was switched off by hand stays off until it is undone by hand.
 */
export function restoreState(
  stored: StoredState,
  provider: ProviderSettings,
  now: number,
): KeptState | undefined {
  const kept = decode(stored.providers[provider.id]);
  if (kept === undefined) return undefined;
  const isSame = kept.identity === identityOf(provider, stored.salt);
  const { disabledByHand } = kept;
  if (!isSame) return { disabledByHand, health: HEALTHY_PROVIDER };
  const learned = decodeLearned(kept.learned, now);
  return { disabledByHand, health: healthOf(kept, now), ...(learned.size === 0 ? {} : { learned }) };
}

/** Address and credential of a provider as a salted hash: the file never holds a secret. */
function identityOf({ baseUrl, credential }: ProviderSettings, salt: string): string {
  return createHash('sha256')
    .update(JSON.stringify([salt, baseUrl, credential]))
    .digest('hex');
}

/** All providers' health, to be written. */
export function encodeState(states: readonly CollectedState[], salt: string): StoredState {
  const providers: Record<string, StoredProvider> = {};
  for (const { provider, health, disabledByHand, learned } of states) {
    const pairs = Object.fromEntries(
      [...health.pairs].map(([model, record]) => [model, encodeRecord(record)]),
    );
    const endpoints = Object.fromEntries(
      [...health.endpoints].map(([name, record]) => [name, encodeRecord(record)]),
    );
    const identity = identityOf(provider, salt);
    providers[provider.id] = {
      identity,
      disabledByHand,
      provider: encodeRecord(health.provider),
      pairs,
      endpoints,
      ...(learned === undefined || learned.size === 0 ? {} : { learned: encodeLearned(learned) }),
    };
  }
  return { version: VERSION, salt, providers };
}

function encodeRecord({ failures, trips, lastCounted, cooling }: HealthRecord): StoredRecord {
  return {
    failures,
    trips,
    ...(lastCounted === undefined ? {} : { lastFailureAt: lastCounted.at }),
    ...(cooling === undefined ? {} : { cooling }),
  };
}

function healthOf(kept: StoredProvider, now: number): ProviderHealth {
  const records = <Key extends string>(
    stored: Readonly<Record<string, StoredRecord>>,
  ): Map<Key, HealthRecord> =>
    new Map(Object.entries(stored).map(([key, record]) => [key as Key, recordOf(record, now)]));
  return {
    provider: recordOf(kept.provider, now),
    pairs: records<string>(kept.pairs),
    endpoints: records<Endpoint>(kept.endpoints),
  };
}

/** A cooldown whose time is over is not brought back; nor does one last longer than when it was written. */
function recordOf({ failures, trips, lastFailureAt, cooling }: StoredRecord, now: number): HealthRecord {
  const counted =
    lastFailureAt === undefined
      ? {}
      : { lastCounted: { at: Math.min(lastFailureAt, now), sequence: 0, requestId: '' } };
  if (cooling === undefined) return { failures, trips, ...counted };
  const lengthMs = cooling.until - cooling.since;
  const until = Math.min(cooling.until, now + lengthMs);
  if (until <= now) return { failures: 0, trips: 0 };
  // Its length stays what it was: a trial that is cut short repeats it.
  return { failures, trips, ...counted, cooling: { ...cooling, since: Math.min(cooling.since, now), until } };
}

function decode(value: unknown): StoredProvider | undefined {
  if (!isRecord(value) || typeof value.identity !== 'string') return undefined;
  const provider = decodeRecord(value.provider);
  if (provider === undefined) return undefined;
  return {
    identity: value.identity,
    disabledByHand: value.disabledByHand === true,
    provider,
    pairs: decodeRecords(value.pairs),
    endpoints: decodeRecords(value.endpoints),
    learned: value.learned,
  };
}

function decodeRecords(value: unknown): Record<string, StoredRecord> {
  const records: [string, StoredRecord][] = [];
  if (isRecord(value))
    for (const [key, stored] of Object.entries(value)) {
      const record = decodeRecord(stored);
      if (record !== undefined) records.push([key, record]);
    }
  return Object.fromEntries(records);
}

function decodeRecord(value: unknown): StoredRecord | undefined {
  if (!isRecord(value) || !isCount(value.failures) || !isCount(value.trips)) return undefined;
  const cooling = decodeCooling(value.cooling);
  return {
    failures: value.failures,
    trips: value.trips,
    ...(isTime(value.lastFailureAt) ? { lastFailureAt: value.lastFailureAt } : {}),
    ...(cooling === undefined ? {} : { cooling }),
  };
}

function decodeCooling(value: unknown): Cooling | undefined {
  if (!isRecord(value) || !isTime(value.since) || !isTime(value.until) || value.until < value.since)
    return undefined;
  const { since, until, basis, cause, statedUntil } = value;
  if (basis !== 'suspicion' && basis !== 'certain' && basis !== 'window') return undefined;
  if (!isFailureKind(cause)) return undefined;
  return { since, until, basis, cause, ...(isTime(statedUntil) ? { statedUntil } : {}) };
}

function isFailureKind(value: unknown): value is FailureKind {
  return FAILURE_KINDS.some((kind) => kind === value);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
