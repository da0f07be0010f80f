import type { YAMLMap } from 'yaml';
import { OLD_KEYS } from './balancer-keys.ts';
import { type DialectName, TODAY } from './dialect.ts';
import type { TreeEdits } from './edits.ts';
import { findAll } from './paths.ts';
import { isNothing, itemsOf, textOf } from './tree.ts';

/** What counts more when a file has keys of several states. */
const BY_WEIGHT: readonly DialectName[] = [
  'balancer of 20 July 2025',
  'balancer of 27 July 2025',
  'balancer of 23 July 2025',
  'balancer 0.5.0',
  'balancer 0.1.6',
];

/** Which state of the balancer a file was written for: by its old keys, and by the version that it names. */
export function detectBalancer(edits: TreeEdits, root: YAMLMap): DialectName {
  if (choosesBySize(edits, root)) return 'balancer 0.3.0';
  const found = new Set(
    OLD_KEYS.filter(({ path }) => findAll(edits, root, path).length > 0).map(({ of }) => of),
  );
  const strongest = BY_WEIGHT.find((name) => found.has(name));
  if (strongest === undefined) return TODAY;
  const version = textOf(edits.value(edits.value(root, 'settings'), 'app_version')) ?? '';
  const isJuly = strongest !== 'balancer 0.5.0' && strongest !== 'balancer 0.1.6';
  // The example files of July name a version that was older or newer than what they hold.
  if (!isJuly && /^0\.[345](\.|$)/.test(version)) return 'balancer 0.5.0';
  if (isJuly || (strongest === 'balancer 0.5.0' && !/^0\.1(\.|$)/.test(version))) return strongest;
  return version.startsWith('0.1.7') || hasAccounts(edits, root) ? 'balancer 0.1.7' : 'balancer 0.1.6';
}

/** Providers with `big_model` and `small_model`, and no routes that would overrule them. */
export function choosesBySize(edits: TreeEdits, root: YAMLMap): boolean {
  return (
    isNothing(edits.value(root, 'model_routes')) &&
    ['big_model', 'small_model'].some((key) => findAll(edits, root, `providers[].${key}`).length > 0)
  );
}

function hasAccounts(edits: TreeEdits, root: YAMLMap): boolean {
  const providers = itemsOf(edits.source, edits.value(root, 'providers'));
  return (
    providers.some((provider) => !isNothing(edits.value(provider, 'account_email'))) ||
    edits.pair(edits.value(root, 'settings'), 'token_counting') !== undefined
  );
}
