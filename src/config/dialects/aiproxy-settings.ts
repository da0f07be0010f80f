import { isScalar, Scalar, type YAMLMap } from 'yaml';
import { HARMLESS } from '../diagnostic.ts';
import type { Found, TreeEdits } from './edits.ts';
import { readTimeoutFrom } from './read-timeout.ts';
import { isNothing, itemsOf, numberIn, textOf } from './tree.ts';

const DEFAULT_PORT = 8080;

/** Everything of aiproxy's file that is not about one upstream, put into `settings`. */
export function translateAiproxySettings(edits: TreeEdits, root: YAMLMap, settings: YAMLMap): void {
  translateListening(edits, root, settings);
  translateKeys(edits, root, settings);
  translateLog(edits, root, settings);
  const timeout = taken(edits, root, 'upstream_request_timeout');
  const seconds = numberIn(timeout?.pair.value);
  // 0 and less meant its default, as if the key were not there.
  if (timeout !== undefined && seconds !== undefined && seconds > 0)
    readTimeoutFrom(edits, settings, timeout);
}

/** The pair that counts, which is taken out. */
function taken(edits: TreeEdits, map: unknown, key: string, path = ''): Found | undefined {
  const found = edits.pair(map, key, path);
  edits.remove(map, key);
  return found;
}

function put(edits: TreeEdits, settings: YAMLMap, key: string, value: string | number, from?: Found): void {
  if (edits.pair(settings, key) === undefined) edits.move(settings, key, commented(value, from), from);
}

/** With the comments of what it comes from. */
function commented(value: string | number, from: Found | undefined): Scalar {
  const scalar = new Scalar(value);
  const old = from?.pair.value;
  if (isScalar(old) && old.comment) scalar.comment = old.comment;
  return scalar;
}

/** It listened at `bind` + `listen`, as `127.0.0.1` and `:8080`. */
function translateListening(edits: TreeEdits, root: YAMLMap, settings: YAMLMap): void {
  const bind = taken(edits, root, 'bind');
  const listen = taken(edits, root, 'listen');
  const [, listenHost = '', port = ''] =
    /^(.*?):?([^:]*)$/s.exec(textOf(listen?.pair.value)?.trim() ?? '') ?? [];
  const bound = textOf(bind?.pair.value)?.trim() ?? '';
  const host = (bound === '' ? listenHost : bound).replace(/^\[(.*)\]$/, '$1');
  if (host !== '') put(edits, settings, 'host', host, bound === '' ? listen : bind);
  const usable = port.includes('${') || (/^\d+$/.test(port) && Number(port) <= 65_535);
  put(edits, settings, 'port', usable ? portValue(port) : DEFAULT_PORT, listen);
  if (usable || listen === undefined || isNothing(listen.pair.value)) return;
  edits.tell(listen.path, listen.pair.value, {
    code: 'wrong-value',
    ...HARMLESS,
    message: `no port; ${DEFAULT_PORT} counts`,
    expected: 'a port as in ":8080"',
  });
}

function portValue(port: string): string | number {
  return /^\d+$/.test(port) ? Number(port) : port;
}

/** Keys that clients must show: with one of them there, the door is locked. */
function translateKeys(edits: TreeEdits, root: YAMLMap, settings: YAMLMap): void {
  const found = taken(edits, root, 'api-key');
  if (found === undefined || isNothing(found.pair.value)) return;
  const keys = textOf(found.pair.value)?.trim() ?? itemsOf(edits.source, found.pair.value);
  if (keys.length === 0 || edits.pair(settings, 'auth') !== undefined) return;
  const auth = edits.ensure(settings, 'auth');
  if (auth === undefined) return;
  edits.move(auth, 'enabled', new Scalar(true), found);
  edits.set(auth, 'api_key', edits.copier.copy(found.pair.value, { comments: true }), found);
}

function translateLog(edits: TreeEdits, root: YAMLMap, settings: YAMLMap): void {
  const log = taken(edits, root, 'log');
  if (log === undefined) return;
  const inside = log.pair.value;
  const file = edits.pair(inside, 'file', 'log');
  if (file !== undefined && (textOf(file.pair.value)?.trim() ?? '') !== '')
    put(edits, settings, 'log_file_path', textOf(file.pair.value) ?? '', file);
  const megabytes = edits.pair(inside, 'max_size', 'log');
  const size = Math.floor(numberIn(megabytes?.pair.value) ?? 0);
  if (size > 0) put(edits, settings, 'log_max_size', `${size}MB`, megabytes);
  const backups = edits.pair(inside, 'max_backups', 'log');
  const files = Math.floor(numberIn(backups?.pair.value) ?? 0);
  if (files > 0) put(edits, settings, 'log_max_files', Math.min(files, 1000), backups);
}
