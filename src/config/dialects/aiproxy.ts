import { Scalar, type YAMLMap } from 'yaml';
import { translateAiproxySettings } from './aiproxy-settings.ts';
import { translateUpstreams } from './aiproxy-upstreams.ts';
import type { DialectName } from './dialect.ts';
import { dropKey } from './drop.ts';
import type { TreeEdits } from './edits.ts';
import { findAll } from './paths.ts';
import { isNothing } from './tree.ts';

/** Keys that aiproxy has had since February 2026. */
const LATER_KEYS: readonly string[] = [
  'api-key',
  'default_max_tokens',
  'upstream_request_timeout',
  'log',
  'model_fallback',
  ...['enabled', 'api_type', 'http_headers', 'request_compression', 'auth_files', 'heartbeat'].map(
    (key) => `upstreams[].${key}`,
  ),
];

/** Undefined for a file that is none of aiproxy's. */
export function detectAiproxy(edits: TreeEdits, root: YAMLMap): DialectName | undefined {
  if (isNothing(edits.value(root, 'upstreams')) || edits.pair(root, 'providers') !== undefined)
    return undefined;
  return LATER_KEYS.some((path) => findAll(edits, root, path).length > 0)
    ? 'aiproxy after January 2026'
    : 'aiproxy';
}

const BY_REQUESTS = 'health is learnt from real requests';

/** Keys without a counterpart, and why. */
export const DROPPED_KEYS: readonly (readonly [string, string])[] = [
  ['default_max_tokens', 'a request without `max_tokens` goes on as it is'],
  ['model_fallback', 'a model is not replaced by another; name both in `model_routes`'],
  ['log.max_age', 'old log files go by their number'],
  ['log.compress', 'old log files are kept as they are'],
  ['upstreams[].request_compression', 'requests go on as they came'],
  ['upstreams[].auth_files', 'accounts are not taken over from files'],
  ['upstreams[].heartbeat', BY_REQUESTS],
  ['upstreams[].heartbeat_interval', BY_REQUESTS],
];

/** What aiproxy did with every file, as settings. */
const WAYS: readonly (readonly [string, string | number | boolean])[] = [
  ['selection_strategy', 'weighted_round_robin'],
  ['unhealthy_threshold', 3],
  ['failure_cooldown', 1800],
  ['failover_below_threshold', true],
];

/** Brings a file of aiproxy into today's form. */
export function translateAiproxy(edits: TreeEdits, root: YAMLMap): void {
  for (const [path, reason] of DROPPED_KEYS) dropKey(edits, root, path, reason);
  translateUpstreams(edits, root);
  const settings = edits.ensure(root, 'settings');
  if (settings === undefined) return;
  edits.spaceOut(root, 'settings');
  translateAiproxySettings(edits, root, settings);
  for (const [key, value] of WAYS) {
    if (edits.pair(settings, key) === undefined) edits.set(settings, key, new Scalar(value));
  }
}
