import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Cooling, HealthRecord } from '../domain/health.ts';
import { type Endpoint, FAILURE_KINDS, type FailureKind } from '../domain/outcome.ts';
import type { ProviderHealth } from '../domain/provider-health.ts';
import type { ProviderSettings } from '../domain/settings.ts';
import type { Clock } from '../domain/time.ts';

/**
 * Health survives a restart in a small JSON file: cooldowns, counts, hints, and what was switched off by hand. It is
 * replaced by an atomic rename at most once a second. A missing or broken file is only a warning.
 */
export interface StateStore {
  /** What was kept of this provider; nothing if its address or credential are others now. */
  restore(provider: ProviderSettings, now: number): KeptState | undefined;
  /** Asks for a write soon; `collect` is called when it happens. */
  changed(): void;
  /** Writes what is not yet written. */
  flush(): Promise<void>;
}

export interface KeptState {
  readonly health: ProviderHealth;
  readonly disabledByHand: boolean;
}

export interface CollectedState extends KeptState {
  readonly provider: ProviderSettings;
}

export interface StateStoreOptions {
  /** undefined: nothing is kept. */
  readonly file: string | undefined;
  readonly clock: Clock;
  readonly collect: () => readonly CollectedState[];
  readonly warn: (message: string) => void;
}

const WRITE_INTERVAL_MS = 1_000;
const VERSION = 1;
/** A larger file is not ours. */
const MAX_BYTES = 8 * 1024 * 1024;

interface StoredProvider {
  readonly identity: string;
  readonly disabledByHand: boolean;
  readonly provider: StoredRecord;
  readonly pairs: Readonly<Record<string, StoredRecord>>;
  readonly endpoints: Readonly<Record<string, StoredRecord>>;
}

interface StoredRecord {
  readonly failures: number;
  readonly trips: number;
  readonly lastFailureAt?: number;
  readonly cooling?: Cooling;
}

interface StoredState {
  readonly version: number;
  /** Without it an identity could be guessed from the file. */
  readonly salt: string;
  readonly providers: Readonly<Record<string, unknown>>;
}

/** Reads the file once and gives the store. Never rejects. */
export async function openStateStore(options: StateStoreOptions): Promise<StateStore> {
  const { file, clock, collect, warn } = options;
  const stored = file === undefined ? undefined : await read(file, warn);
  const salt = stored?.salt ?? randomBytes(16).toString('hex');
  let timer: unknown;
  let dirty = false;
  let writing: Promise<void> = Promise.resolve();

  const write = (): Promise<void> => {
    timer = undefined;
    if (file === undefined || !dirty) return writing;
    dirty = false;
    const text = JSON.stringify(encode(collect(), salt));
    writing = writing
      .then(() => replaceFile(file, text))
      .catch((error: unknown) => warn(`The state file ${file} can't be written: ${messageOf(error)}`));
    return writing;
  };
  return {
    restore(provider, now) {
      const kept = decode(stored?.providers[provider.id]);
      if (kept === undefined || kept.identity !== identityOf(provider, salt)) return undefined;
      return { disabledByHand: kept.disabledByHand, health: healthOf(kept, now) };
    },
    changed() {
      dirty = true;
      if (file !== undefined && timer === undefined)
        timer = clock.setTimeout(() => void write(), WRITE_INTERVAL_MS);
    },
    flush() {
      clock.clearTimeout(timer);
      return write();
    },
  };
}

/** Address and credential of a provider as a salted hash: the file never holds a secret. */
function identityOf({ baseUrl, credential }: ProviderSettings, salt: string): string {
  return createHash('sha256')
    .update(JSON.stringify([salt, baseUrl, credential]))
    .digest('hex');
}

async function read(file: string, warn: (message: string) => void): Promise<StoredState | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (!isMissing(error))
      warn(`The state file ${file} can't be read: ${messageOf(error)}. Health starts anew.`);
    return undefined;
  }
  try {
    if (text.length > MAX_BYTES) throw new Error('it is too large');
    const value: unknown = JSON.parse(text);
    if (
      isRecord(value) &&
      value.version === VERSION &&
      typeof value.salt === 'string' &&
      isRecord(value.providers)
    )
      return { version: VERSION, salt: value.salt, providers: value.providers };
    throw new Error('it has another form');
  } catch (error) {
    warn(`The state file ${file} is broken: ${messageOf(error)}. Health starts anew.`);
    return undefined;
  }
}

/** Written beside the file and renamed over it: whoever reads sees the old one or the new one, whole. */
async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, file);
}

function encode(states: readonly CollectedState[], salt: string): StoredState {
  const providers: Record<string, StoredProvider> = {};
  for (const { provider, health, disabledByHand } of states) {
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
  return { failures, trips, ...counted, cooling: { ...cooling, until } };
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
