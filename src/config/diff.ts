import type { Configuration, ProviderSettings, Settings } from '../domain/settings/settings.ts';

/** What a new configuration changes. */
export interface ConfigurationDiff {
  /** Ids, in the new file's order. */
  readonly added: readonly string[];
  /** Ids, in the old file's order. */
  readonly removed: readonly string[];
  readonly changed: readonly ProviderChange[];
  readonly routesChanged: boolean;
  /** The order of the providers both have: without routes it is the order in which they are asked. */
  readonly orderChanged: boolean;
  /** Names of changed settings. */
  readonly settings: readonly (keyof Settings)[];
  /** Those among them that need a restart. */
  readonly restart: readonly (keyof Settings)[];
}

interface ProviderChange {
  readonly id: string;
  readonly keys: readonly (keyof ProviderSettings)[];
  /** Another address, credential, type or way there: what was learnt of its health says nothing about it now. */
  readonly identityChanged: boolean;
}

const IDENTITY: ReadonlySet<keyof ProviderSettings> = new Set(['type', 'baseUrl', 'credential', 'proxy']);

const RESTART: readonly (keyof Settings)[] = ['host', 'port', 'inspector'];

/** Compares two configurations by value; where they were read does not matter. */
export function diffConfigurations(before: Configuration, after: Configuration): ConfigurationDiff {
  const old = new Map(before.providers.map((provider) => [provider.id, provider]));
  const fresh = new Map(after.providers.map((provider) => [provider.id, provider]));
  const settings = changedKeys(before.settings, after.settings);
  const kept = (from: Configuration, other: ReadonlyMap<string, unknown>) =>
    from.providers.filter(({ id }) => other.has(id)).map(({ id }) => id);
  return {
    added: [...fresh.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !fresh.has(id)),
    changed: [...fresh.values()].flatMap((provider) => changeOf(old.get(provider.id), provider)),
    routesChanged: !equal(before.routes, after.routes),
    orderChanged: !equal(kept(before, fresh), kept(after, old)),
    settings,
    restart: RESTART.filter(
      (key) => settings.includes(key) && !takesHoldAtOnce(key, before.settings, after.settings),
    ),
  };
}

/** Of the inspector one thing alone may change while it runs. */
function takesHoldAtOnce(
  key: keyof Settings,
  { inspector: before }: Settings,
  { inspector: after }: Settings,
): boolean {
  return key === 'inspector' && equal({ ...before, captureBodies: after.captureBodies }, after);
}

function changeOf(before: ProviderSettings | undefined, after: ProviderSettings): ProviderChange[] {
  if (before === undefined) return [];
  const keys = changedKeys(before, after);
  if (keys.length === 0) return [];
  return [{ id: after.id, keys, identityChanged: keys.some((key) => IDENTITY.has(key)) }];
}

/** Names of what differs between two records of plain data. */
export function changedKeys<T extends object>(before: T, after: T): (keyof T)[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)] as (keyof T)[]);
  return [...keys].filter((key) => !equal(before[key], after[key]));
}

/** Equality of plain data; regular expressions are equal by their text, mappings whatever their order. */
function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof RegExp || b instanceof RegExp) return String(a) === String(b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (a instanceof Map !== b instanceof Map) return false;
  const entries = entriesOf(a);
  const others = new Map(entriesOf(b));
  return (
    entries.length === others.size &&
    entries.every(([key, value]) => others.has(key) && equal(value, others.get(key)))
  );
}

function entriesOf(mapping: object): readonly (readonly [unknown, unknown])[] {
  return mapping instanceof Map ? [...mapping] : Object.entries(mapping);
}
