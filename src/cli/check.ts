import { type Diagnostic, hasErrors } from '../config/diagnostic.ts';
import { type DialectName, TODAY } from '../config/dialects/dialect.ts';
import { formatDiagnostics } from '../config/format.ts';
import { loadConfiguration } from '../config/load.ts';
import type { Configuration, ProviderSettings, RouteTarget, Settings } from '../domain/settings/settings.ts';
import { counted, oneLine } from '../telemetry/format.ts';
import { EXIT } from './exit-codes.ts';
import { columnsOf, showsColor, type World } from './world.ts';
import { twoColumns } from './wrap.ts';

/** `check [FILE]`: everything that is wrong with a configuration, at once. 1 if any of it is an error. */
export async function check(file: string | undefined, world: World): Promise<number> {
  const { cwd, home, env, stdout } = world;
  const result = await loadConfiguration({ cwd, home, env, ...(file === undefined ? {} : { path: file }) });
  const { diagnostics } = result;
  const text = formatDiagnostics(diagnostics, { color: showsColor(stdout, world), occasion: 'check' });
  if (text !== '') stdout.write(`${text}\n`);
  const failed = !result.ok || hasErrors(diagnostics, 'check');
  const found = result.ok ? result.configuration.file : diagnostics.find((each) => each.file)?.file;
  const name = found ?? 'the built-in default';
  const form = result.dialect === undefined || found === undefined ? '' : `, ${formOf(result.dialect)}`;
  const facts = [...(result.ok ? sizes(result.configuration) : []), ...mistakes(diagnostics)];
  stdout.write(`${name}: ${failed ? 'not ok' : 'ok'} (${facts.join(', ') || 'it cannot be used'})${form}\n`);
  if (result.ok) stdout.write(readText(result.configuration, columnsOf(stdout)));
  return failed ? EXIT.failed : EXIT.ok;
}

function formOf(dialect: DialectName): string {
  return dialect === TODAY ? `in ${dialect}` : `in the form of ${dialect}`;
}

function sizes({ providers, routes }: Configuration): readonly string[] {
  return [counted(providers.length, 'provider'), counted(routes.length, 'route')];
}

/** What was read, so that a person sees whether it is what was meant. Credentials are only named by their kind. */
function readText(configuration: Configuration, columns: number | undefined): string {
  const { providers, routes, settings } = configuration;
  const rows = [
    ...providers.map((provider) => [provider.id, providerText(provider, settings)] as const),
    ...routes.map(({ pattern, targets }) => [pattern, `→ ${targets.map(targetText).join(', ')}`] as const),
    ['chosen by', choiceText(settings)],
    [
      'listens at',
      `${settings.host}, port ${settings.port}${settings.auth.enabled ? ', asks for a key' : ''}`,
    ],
  ] as const;
  const shown = rows.map(([label, text]) => [oneLine(label), oneLine(text)] as const);
  return twoColumns(shown, columns ?? Number.POSITIVE_INFINITY)
    .map((line) => `${line}\n`)
    .join('');
}

function providerText(provider: ProviderSettings, { selectionStrategy }: Settings): string {
  const { type, baseUrl, credential, enabled, unservable } = provider;
  if (!enabled) return `${type}, ${baseUrl}, disabled`;
  if (unservable !== undefined) return `${type}, ${baseUrl}, not used: ${unservable}`;
  const mapped = Object.keys(provider.modelMappings).length;
  const served = provider.availableModels.length;
  return [
    type,
    baseUrl,
    credential.kind,
    ...(selectionStrategy === 'weighted_round_robin' ? [`weight ${provider.weight}`] : []),
    ...(mapped > 0 ? [`${counted(mapped, 'model')} mapped`] : []),
    ...(served > 0 ? [`${counted(served, 'model')} only`] : []),
    ...(provider.mustStream ? ['must stream'] : []),
    ...(provider.streamingMode === 'auto' ? [] : [`streams ${provider.streamingMode}`]),
    ...(provider.maxConcurrent === undefined ? [] : [`${provider.maxConcurrent} at a time`]),
  ].join(', ');
}

function choiceText({ selectionStrategy, resilience }: Settings): string {
  const { unhealthyThreshold, failureCooldownMs } = resilience;
  const failures = unhealthyThreshold === 1 ? '1 failure lets' : `${unhealthyThreshold} failures let`;
  return `${selectionStrategy}; ${failures} a provider rest for ${failureCooldownMs / 1000} s`;
}

function targetText({ provider, model, enabled }: RouteTarget): string {
  const name = model === 'passthrough' ? provider : `${provider} as ${model}`;
  return enabled ? name : `${name} (disabled)`;
}

/** `2 errors`, `1 warning`: what there is of them. */
function mistakes(diagnostics: readonly Diagnostic[]): string[] {
  return (['error', 'warning'] as const).flatMap((severity) => {
    const many = diagnostics.filter((diagnostic) => diagnostic.check === severity).length;
    return many === 0 ? [] : [counted(many, severity)];
  });
}
