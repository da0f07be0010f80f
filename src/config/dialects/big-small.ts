import { isMap, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { CHECK_WARNING } from '../diagnostic.ts';
import { choosesBySize } from './balancer-detect.ts';
import type { Found, TreeEdits } from './edits.ts';
import { isNothing, itemsOf, textOf } from './tree.ts';

/** What a provider of 0.3.0 says about models. */
interface Sizes {
  readonly name: unknown;
  readonly off: boolean;
  readonly big: Found | undefined;
  readonly small: Found | undefined;
}

type Size = 'big' | 'small';

/** In this order: who is none of them was taken for big. */
const PATTERNS: readonly (readonly [string, Size])[] = [
  ['*opus*', 'big'],
  ['*sonnet*', 'big'],
  ['*haiku*', 'small'],
  ['*', 'big'],
];

/** Providers that choose their model by the size of the client's become routes that say the same. */
export function routeBySize(edits: TreeEdits, root: YAMLMap): void {
  if (!choosesBySize(edits, root)) return;
  const entries = itemsOf(edits.source, edits.value(root, 'providers'));
  const providers = entries.flatMap((entry, index) => sizesOf(edits, entry, `providers[${index}]`));
  const reachable = firstOfEachName(providers);
  // Before the keys go: they may stand in a mapping that several providers share.
  const asIs = reachable.every((each) => keepsName(each.big) && keepsName(each.small));
  if (!asIs && reachable.length > 0) {
    edits.remove(root, 'model_routes');
    insertRoutes(edits, root, reachable);
    tellUnknown(edits, reachable);
  }
  for (const entry of entries) for (const key of ['big_model', 'small_model']) edits.remove(entry, key);
}

function sizesOf(edits: TreeEdits, entry: unknown, path: string): Sizes[] {
  const name = edits.value(entry, 'name');
  if ((textOf(name) ?? '') === '') return [];
  const enabled = textOf(edits.value(entry, 'enabled')) ?? 'true';
  return [
    {
      name,
      off: ['false', 'no', 'off', 'n'].includes(enabled.trim().toLowerCase()),
      big: edits.pair(entry, 'big_model', path),
      small: edits.pair(entry, 'small_model', path),
    },
  ];
}

/** Of equal names only the first could be reached. */
function firstOfEachName(providers: readonly Sizes[]): Sizes[] {
  const seen = new Set<string | undefined>();
  return providers.filter(({ name }) => {
    const fresh = !seen.has(textOf(name));
    seen.add(textOf(name));
    return fresh;
  });
}

function modelIn(found: Found | undefined): unknown {
  const value = found?.pair.value;
  return isNothing(value) || textOf(value)?.trim() === '' ? undefined : value;
}

function keepsName(found: Found | undefined): boolean {
  const model = modelIn(found);
  return model === undefined || textOf(model) === 'passthrough';
}

function insertRoutes(edits: TreeEdits, root: YAMLMap, providers: readonly Sizes[]): void {
  const routes = new YAMLMap();
  for (const [pattern, size] of PATTERNS) {
    const targets = new YAMLSeq();
    targets.items = providers.map((provider) => targetOf(edits, provider, size));
    const key = edits.set(routes, pattern, targets).key;
    if (key instanceof Scalar) key.type = 'QUOTE_DOUBLE';
  }
  const pair = edits.set(root, 'model_routes', routes);
  // Right behind the providers, where one looks for them.
  root.items.splice(root.items.indexOf(pair), 1);
  const index = root.items.findIndex(({ key }) => textOf(key) === 'providers');
  root.items.splice(index + 1, 0, pair);
  edits.spaceOut(root, 'model_routes', ' What big_model and small_model of the providers said.');
}

function targetOf(edits: TreeEdits, { name, off, big, small }: Sizes, size: Size): YAMLMap {
  const target = new YAMLMap();
  edits.set(target, 'provider', edits.copier.copy(name));
  const found = size === 'big' ? big : small;
  const model = modelIn(found);
  if (model !== undefined) edits.set(target, 'model', edits.copier.copy(model), found);
  if (off) edits.set(target, 'enabled', new Scalar(false));
  return target;
}

function tellUnknown(edits: TreeEdits, providers: readonly Sizes[]): void {
  const first = providers.find(({ big, small }) => !isSame(big, small))?.big;
  if (first === undefined) return;
  edits.tell(first.path, first.pair.value, {
    code: 'unknown-models',
    ...CHECK_WARNING,
    message: 'models that are neither Opus, Sonnet nor Haiku go to `big_model`, as they did',
    suggestion: 'Name them in `model_routes` to choose otherwise.',
  });
}

function isSame(big: Found | undefined, small: Found | undefined): boolean {
  return textOf(modelIn(big)) === textOf(modelIn(small)) && !isMap(modelIn(big));
}
