import type { CompatSettings } from '../domain/settings/compat-settings.ts';
import type { Credential, ProviderSettings, Timeouts } from '../domain/settings/settings.ts';
import { type Address, NO_ADDRESS, readBaseUrl, readProxy } from './addresses.ts';
import { readCredential } from './credential.ts';
import { CHECK_WARNING, FATAL, HARMLESS, WARNS } from './diagnostic.ts';
import { readHeaders } from './headers.ts';
import type { Report } from './report.ts';
import type { ProviderEntry } from './schema.ts';
import { overrideTimeouts } from './timeouts.ts';

export interface ProviderContext {
  readonly report: Report;
  /** Unset variables by path. */
  readonly unset: ReadonlyMap<string, readonly string[]>;
  readonly timeouts: Timeouts;
  readonly resolvePath: (path: string) => string;
}

/** `name`, or `name#email` where an account is named. */
export function providerId(name: string, accountEmail: string | undefined): string {
  return accountEmail === undefined ? name : `${name}#${accountEmail}`;
}

/** The file's providers; of those with the same identity only the first. */
export function readProviders(
  entries: readonly ProviderEntry[],
  context: ProviderContext,
): ProviderSettings[] {
  const providers = new Map<string, ProviderSettings>();
  for (const [index, entry] of entries.entries()) {
    const slot = `providers[${index}]`;
    const id = providerId(entry.name, entry.account_email);
    // Also of one that is not used: its own mistakes would show only when this one is mended.
    const provider = readProvider(entry, id, slot, context);
    if (providers.has(id)) {
      context.report(`${slot}.name`, {
        code: 'duplicate-provider',
        ...WARNS,
        message: `a second provider ${JSON.stringify(id)}; only the first is used`,
        suggestion: 'Give it another name, or an `account_email` of its own.',
      });
      continue;
    }
    providers.set(id, provider);
  }
  return [...providers.values()];
}

function readProvider(
  entry: ProviderEntry,
  id: string,
  slot: string,
  context: ProviderContext,
): ProviderSettings {
  // What is switched off is nobody's mistake: its gaps are not worth a word.
  const report: Report = entry.enabled ? context.report : () => {};
  const type = entry.type;
  const unset = unsetWithin(context.unset, slot);
  const address = readBaseUrl(entry.base_url, type);
  const proxy = entry.proxy === undefined || entry.proxy.trim() === '' ? undefined : readProxy(entry.proxy);
  const headers = readHeaders(entry.headers, `${slot}.headers`, report);
  // What waits for a variable has been told of; that it is empty or odd till then is no news.
  const rest: Report = (at, finding) => {
    if (!context.unset.has(at)) report(at, finding);
  };
  const byVariables = blockByVariables(unset, report);
  const byAddress = blockByAddress(address, proxy, slot, rest);
  const own = readOwnCredential(entry, slot, rest);
  const credential: Credential = byVariables ?? byAddress ?? own;
  if (address.kind === 'address' && address.cut !== undefined) reportCut(address.cut, slot, report);
  const unservable = unservableReason(type, credential);
  if (unservable !== undefined && (type === 'zed' || credential.kind === 'oauth'))
    reportUnserved(type === 'zed' ? `${slot}.type` : `${slot}.auth_value`, unservable, report);
  const compat = compatOf(entry);
  if (type !== 'openai' && compat !== undefined)
    report(`${slot}.compat`, {
      code: 'unused-key',
      ...CHECK_WARNING,
      message: 'it is about providers of type openai only, and has no effect here',
    });
  return {
    id,
    name: entry.name,
    type,
    baseUrl: address.kind === 'address' ? address.url : NO_ADDRESS,
    credential,
    enabled: entry.enabled,
    weight: entry.weight,
    modelMappings: entry.model_mappings,
    availableModels: entry.available_models,
    headers,
    timeouts: overrideTimeouts(context.timeouts, entry.timeouts),
    mustStream: entry.must_stream,
    streamingMode: entry.streaming_mode,
    ...(unservable !== undefined && { unservable }),
    ...(entry.account_email !== undefined && { accountEmail: entry.account_email }),
    ...(proxy?.kind === 'address' && { proxy: proxy.url }),
    ...(entry.max_connections !== undefined && { maxConnections: entry.max_connections }),
    ...(entry.max_concurrent !== undefined && { maxConcurrent: entry.max_concurrent }),
    ...(type === 'openai' && compat !== undefined && { compat }),
    ...(entry.ca_file !== undefined && { caFile: context.resolvePath(entry.ca_file) }),
  };
}

/** Undefined where the file says nothing. */
function compatOf({ compat }: ProviderEntry): CompatSettings | undefined {
  const { extra_body, drop_fields } = compat;
  const named: CompatSettings = {
    ...(compat.max_tokens_field !== undefined && { maxTokensField: compat.max_tokens_field }),
    ...(compat.max_tokens_limit !== undefined && { maxTokensLimit: compat.max_tokens_limit }),
    ...(compat.context_window !== undefined && { contextWindow: compat.context_window }),
    ...(compat.reasoning !== undefined && { reasoning: compat.reasoning }),
    ...(compat.tool_choice_required !== undefined && { toolChoiceRequired: compat.tool_choice_required }),
    ...(compat.parallel_tool_calls !== undefined && { parallelToolCalls: compat.parallel_tool_calls }),
    ...(compat.images !== undefined && { images: compat.images }),
    ...(compat.stream_usage !== undefined && { streamUsage: compat.stream_usage }),
    ...(compat.cache_control !== undefined && { cacheControl: compat.cache_control }),
    ...(Object.keys(extra_body).length > 0 && { extraBody: extra_body }),
    ...(drop_fields.length > 0 && { dropFields: drop_fields }),
  };
  return Object.keys(named).length === 0 ? undefined : named;
}

function readOwnCredential(entry: ProviderEntry, slot: string, report: Report): Credential {
  const { credential, finding } = readCredential(entry);
  // A type that is not served yet says so; its credential does not matter before.
  if (finding !== undefined && entry.type !== 'zed') report(`${slot}.auth_value`, finding);
  return credential;
}

interface UnsetValue {
  readonly slot: string;
  readonly names: readonly string[];
}

function unsetWithin(unset: ReadonlyMap<string, readonly string[]>, slot: string): UnsetValue[] {
  return [...unset]
    .filter(([path]) => path.startsWith(`${slot}.`))
    .map(([path, names]) => ({ slot: path, names }));
}

function blockByVariables(unset: readonly UnsetValue[], report: Report): Credential | undefined {
  if (unset.length === 0) return undefined;
  for (const { slot, names } of unset) {
    report(slot, {
      code: 'unset-variable',
      ...WARNS,
      message: `this provider is not used: ${variables(names)} not set`,
      suggestion: `Set ${names.join(', ')} before starting, or set \`enabled: false\`.`,
    });
  }
  return { kind: 'missing', reason: `${variables(unset.flatMap(({ names }) => names))} not set` };
}

/** `the environment variable A is`, `the environment variables A, B are` */
export function variables(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  return distinct.length === 1
    ? `the environment variable ${distinct.join()} is`
    : `the environment variables ${distinct.join(', ')} are`;
}

/** Without its address, or past its proxy, a provider must not be asked. */
function blockByAddress(
  address: Address,
  proxy: Address | undefined,
  slot: string,
  report: Report,
): Credential | undefined {
  let credential: Credential | undefined;
  for (const [key, value] of [
    ['proxy', proxy],
    ['base_url', address],
  ] as const) {
    if (value?.kind !== 'unusable') continue;
    credential = { kind: 'missing', reason: value.reason };
    report(`${slot}.${key}`, {
      code: 'bad-url',
      ...WARNS,
      message: `this provider is not used: ${value.reason}`,
      ...(value.suggestion !== undefined && { suggestion: value.suggestion }),
    });
  }
  return credential;
}

function reportCut(cut: string, slot: string, report: Report): void {
  report(`${slot}.base_url`, {
    code: 'url-suffix',
    ...WARNS,
    message: `the balancer adds /v1 itself; "${cut}" at the end is cut`,
    suggestion: `Remove "${cut}".`,
  });
}

/** Why no request can go to a provider, whatever its health; undefined if requests can. */
function unservableReason(type: ProviderSettings['type'], credential: Credential): string | undefined {
  if (type === 'zed') return `providers of type ${type} are not served yet`;
  if (credential.kind === 'oauth') return 'accounts (`oauth`) are not served yet';
  return credential.kind === 'missing' ? credential.reason : undefined;
}

function reportUnserved(slot: string, reason: string, report: Report): void {
  report(slot, { code: 'not-served', ...HARMLESS, message: `this provider is not used: ${reason}` });
}

/** A file without a single provider that can be asked is an error. */
export function requireProvider(providers: readonly ProviderSettings[], report: Report): void {
  const reasons = providers.map((provider) => ({
    provider,
    reason: provider.enabled ? provider.unservable : 'disabled',
  }));
  if (reasons.some(({ reason }) => reason === undefined)) return;
  const each = reasons.map(({ provider, reason }) => `${provider.id}: ${reason}`).join('; ');
  report('providers', {
    code: 'no-provider',
    ...FATAL,
    message: providers.length === 0 ? 'no providers are configured' : `no provider can be used (${each})`,
    suggestion:
      providers.length === 0
        ? 'Add an entry with `name`, `base_url` and `auth_value` under `providers:`; providers.example.yaml shows how.'
        : 'Enable one of them and give it a credential.',
  });
}
