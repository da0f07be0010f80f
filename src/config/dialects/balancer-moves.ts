import { isSeq, type YAMLMap } from 'yaml';
import { CHECK_NOTE, HARMLESS } from '../diagnostic.ts';
import type { TreeEdits } from './edits.ts';
import type { FoundWithin } from './paths.ts';
import { readTimeoutFrom } from './read-timeout.ts';
import { isNothing, itemsOf, mapsOf, numberIn, textOf } from './tree.ts';

type Move = (edits: TreeEdits, root: YAMLMap, found: readonly FoundWithin[]) => void;

/** By the path of the old key: what is done with it. Each takes the key away. */
export const MOVES: ReadonlyMap<string, Move> = new Map<string, Move>([
  ['settings.request_timeout', moveRequestTimeout],
  ['settings.enable_deduplication', moveDeduplication],
  ['settings.timeouts.caching', moveCaching],
  ['settings.unhealthy_error_patterns', movePatterns],
  ['settings.client_disconnect_watchdog', moveWatchdog],
  ['auth', moveAuth],
]);

/** The pair that counts, and its removal. */
function taken(edits: TreeEdits, found: readonly FoundWithin[]): FoundWithin | undefined {
  const last = found.at(-1);
  if (last !== undefined) edits.remove(last.within, last.key);
  return last;
}

/** An old key that something is told of. */
type Told = Pick<FoundWithin, 'path' | 'pair'>;

function ownMap(edits: TreeEdits, within: unknown): YAMLMap | undefined {
  return mapsOf(edits.source, within)[0];
}

function ignored(edits: TreeEdits, found: Told, reason: string): void {
  edits.tell(found.path, found.pair.key, {
    code: 'retired-key',
    ...HARMLESS,
    message: `a key of an older version, ignored: ${reason}`,
  });
}

function readAs(edits: TreeEdits, found: Told, now: string): void {
  edits.tell(found.path, found.pair.key, {
    code: 'renamed-key',
    ...CHECK_NOTE,
    message: `an older form of ${now}, read as that`,
  });
}

/** One limit for everything became one for each kind of request. */
function moveRequestTimeout(edits: TreeEdits, _: YAMLMap, found: readonly FoundWithin[]): void {
  const old = taken(edits, found);
  const settings = ownMap(edits, old?.within);
  if (old === undefined || settings === undefined || isNothing(old.pair.value)) return;
  if (!isNothing(edits.value(settings, 'timeouts'))) {
    ignored(edits, old, 'the limits are in `settings.timeouts`');
    return;
  }
  readAs(edits, old, '`timeouts.streaming.read_timeout` and `timeouts.non_streaming.read_timeout`');
  readTimeoutFrom(edits, settings, old);
}

function moveDeduplication(edits: TreeEdits, _: YAMLMap, found: readonly FoundWithin[]): void {
  const old = taken(edits, found);
  const settings = ownMap(edits, old?.within);
  if (old === undefined || settings === undefined || isNothing(old.pair.value)) return;
  const deduplication = edits.ensure(settings, 'deduplication', old);
  if (deduplication === undefined || edits.pair(deduplication, 'enabled') !== undefined) {
    ignored(edits, old, '`deduplication.enabled` is there too');
    return;
  }
  readAs(edits, old, '`deduplication.enabled`');
  edits.move(deduplication, 'enabled', edits.copier.copy(old.pair.value, { comments: true }), old);
}

/** How long an equal request waits stands with what it waits for. */
function moveCaching(edits: TreeEdits, root: YAMLMap, found: readonly FoundWithin[]): void {
  const old = taken(edits, found);
  const settings = ownMap(edits, edits.value(root, 'settings'));
  const limit = old === undefined ? undefined : edits.pair(old.pair.value, 'deduplication_timeout', old.path);
  if (old === undefined || settings === undefined || limit === undefined || isNothing(limit.pair.value))
    return;
  const deduplication = edits.ensure(settings, 'deduplication', old);
  if (deduplication === undefined || edits.pair(deduplication, 'timeout') !== undefined) {
    ignored(edits, limit, '`deduplication.timeout` is there too');
    return;
  }
  readAs(edits, limit, '`deduplication.timeout`');
  edits.move(deduplication, 'timeout', edits.copier.copy(limit.pair.value, { comments: true }), limit);
}

/** Texts that were looked for in exceptions and in answers alike. */
function movePatterns(edits: TreeEdits, _: YAMLMap, found: readonly FoundWithin[]): void {
  const old = taken(edits, found);
  const settings = ownMap(edits, old?.within);
  if (old === undefined || settings === undefined || isNothing(old.pair.value)) return;
  const targets = ['unhealthy_exception_patterns', 'unhealthy_response_body_patterns'];
  readAs(edits, old, targets.map((key) => `\`${key}\``).join(' and '));
  for (const [index, key] of targets.entries()) {
    const present = edits.value(settings, key);
    const copy = edits.copier.copy(old.pair.value, { comments: index === 0 });
    if (isNothing(present)) edits[index === 0 ? 'move' : 'set'](settings, key, copy, old);
    else if (isSeq(copy)) addMissing(edits, present, copy.items);
  }
}

function addMissing(edits: TreeEdits, present: unknown, items: readonly unknown[]): void {
  const list = itemsOf(edits.source, present);
  const known = new Set(list.map(textOf));
  list.push(...items.filter((item) => !known.has(textOf(item))));
}

/** Only its heartbeat has a counterpart. */
function moveWatchdog(edits: TreeEdits, _: YAMLMap, found: readonly FoundWithin[]): void {
  const old = taken(edits, found);
  const settings = ownMap(edits, old?.within);
  if (old === undefined || settings === undefined) return;
  const watchdog = old.pair.value;
  const heartbeat =
    edits.value(watchdog, 'heartbeat') ??
    edits.value(edits.value(watchdog, 'detection_methods'), 'heartbeat');
  const interval = edits.pair(heartbeat, 'interval', `${old.path}.heartbeat`);
  const off = textOf(edits.value(heartbeat, 'enabled')) === 'false';
  const seconds = numberIn(interval?.pair.value);
  const usable = !off && seconds !== undefined && seconds >= 0 && seconds <= 2_147_483;
  if (interval !== undefined && usable && edits.pair(settings, 'ping_interval') === undefined) {
    edits.set(settings, 'ping_interval', edits.copier.copy(interval.pair.value), interval);
    ignored(
      edits,
      old,
      'a client that leaves is noticed at once; its heartbeat’s interval is the `ping_interval` now',
    );
    return;
  }
  ignored(edits, old, 'a client that leaves is noticed at once');
}

function moveAuth(edits: TreeEdits, root: YAMLMap, found: readonly FoundWithin[]): void {
  const old = taken(edits, found);
  if (old === undefined || isNothing(old.pair.value)) return;
  const settings = edits.ensure(root, 'settings');
  if (settings === undefined || !isNothing(edits.value(settings, 'auth'))) {
    edits.tell(old.path, old.pair.key, {
      code: 'double-auth',
      ...HARMLESS,
      message: '`settings.auth` is there too, and goes before this; this is ignored',
    });
    return;
  }
  edits.remove(settings, 'auth');
  readAs(edits, old, '`settings.auth`');
  edits.move(settings, 'auth', edits.copier.copy(old.pair.value, { comments: true }), old);
}
