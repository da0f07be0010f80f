import type { ProviderSettings, Route, RouteTarget } from '../domain/settings/settings.ts';
import { CHECK_NOTE, WARNS } from './diagnostic.ts';
import { join } from './key-path.ts';
import { providerId } from './providers.ts';
import type { Report } from './report.ts';
import type { RouteTargetEntry } from './schema.ts';
import { nearest } from './suggest.ts';

/**
 * The file's routes, in its order. Targets name providers by id: one that names several accounts becomes one target
 * each, and one that names nobody is left out.
 */
export function readRoutes(
  entries: Readonly<Record<string, readonly RouteTargetEntry[]>>,
  providers: readonly ProviderSettings[],
  report: Report,
): Route[] {
  return Object.entries(entries).map(([pattern, targets]) => {
    const slot = join('model_routes', pattern);
    if (/[^*]/.test(pattern) && pattern.includes('*')) reportAnchors(pattern, slot, report);
    return {
      pattern,
      targets: targets.flatMap((target, index) =>
        readTarget(target, index, `${slot}[${index}]`, providers, report),
      ),
    };
  });
}

function readTarget(
  entry: RouteTargetEntry,
  index: number,
  slot: string,
  providers: readonly ProviderSettings[],
  report: Report,
): RouteTarget[] {
  const named = namedProviders(entry, providers);
  if (entry.enabled && named.length === 0) reportUnknown(entry, slot, providers, report);
  else if (entry.enabled && named.every((provider) => !provider.enabled)) {
    report(`${slot}.provider`, {
      code: 'disabled-provider',
      ...WARNS,
      message: `the provider ${JSON.stringify(entry.provider)} is disabled; this target is skipped`,
      suggestion: 'Enable the provider, or give this target `enabled: false`.',
    });
  }
  return named.map((provider) => ({
    provider: provider.id,
    model: entry.model,
    priority: entry.priority ?? index + 1,
    enabled: entry.enabled,
  }));
}

/** By id first (`name` or `name#email`), else every account of that name. */
function namedProviders(
  entry: RouteTargetEntry,
  providers: readonly ProviderSettings[],
): readonly ProviderSettings[] {
  const id = providerId(entry.provider, entry.account_email);
  const exact = providers.filter((provider) => provider.id === id);
  if (exact.length > 0 || entry.account_email !== undefined) return exact;
  return providers.filter((provider) => provider.name === entry.provider);
}

function reportUnknown(
  entry: RouteTargetEntry,
  slot: string,
  providers: readonly ProviderSettings[],
  report: Report,
): void {
  const id = providerId(entry.provider, entry.account_email);
  const near = nearest(entry.provider, new Set(providers.map(({ name }) => name)));
  report(`${slot}.provider`, {
    code: 'unknown-provider',
    ...WARNS,
    message: `there is no provider ${JSON.stringify(id)}; this target is skipped`,
    ...(near !== undefined &&
      near !== entry.provider && { suggestion: `Did you mean ${JSON.stringify(near)}?` }),
  });
}

/** Older versions found `claude-*` in the middle of a name as well. */
function reportAnchors(pattern: string, slot: string, report: Report): void {
  const free = [pattern.startsWith('*') ? '' : 'begins', pattern.endsWith('*') ? '' : 'ends'].filter(
    (end) => end !== '',
  );
  if (free.length === 0) return;
  report(slot, {
    code: 'anchored-pattern',
    ...CHECK_NOTE,
    message: `matches only a name that ${free.join(' and ')} so; older versions found it anywhere in the name`,
  });
}
