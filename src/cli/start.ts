import { type Diagnostic, hasErrors } from '../config/diagnostic.ts';
import { describeDiagnostic, formatDiagnostics } from '../config/format.ts';
import { type LoadOptions, loadConfiguration } from '../config/load.ts';
import { watchConfiguration } from '../config/watch.ts';
import type { Configuration } from '../domain/settings/settings.ts';
import type { Clock } from '../domain/time.ts';
import { bindingWarning } from '../http/server.ts';
import { banner } from '../telemetry/banner.ts';
import type { BalancerEvent } from '../telemetry/events.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import type { ListenOptions } from './arguments.ts';
import type { OptionsOf } from './commands.ts';
import { reportCrashes } from './crash.ts';
import { type Balancer, type Loaded, serve } from './serve.ts';
import { listenForSignals } from './signals.ts';
import { systemClock } from './system-clock.ts';
import { packageVersion } from './version.ts';
import { showsColor, type World } from './world.ts';

/** `start`: serves until a signal, then lets running streams finish. 1: it could not start. */
export async function start(options: OptionsOf<'start'>, world: World): Promise<number> {
  const where: LoadOptions = {
    cwd: world.cwd,
    home: world.home,
    env: world.env,
    ...(options.config === undefined ? {} : { path: options.config }),
  };
  const first = await loadConfiguration(where);
  say(first.diagnostics, world);
  if (!first.ok || hasErrors(first.diagnostics, 'start')) return 1;
  const load = reloader(where, (configuration) => withFlags(configuration, options));
  return serveUntilSignalled(withFlags(first.configuration, options), load, world, { text: first.text });
}

/** Reads a configuration again for a reload; `adapt` puts into it what goes before the file. */
export function reloader(
  where: LoadOptions,
  adapt: (configuration: Configuration) => Configuration,
): () => Promise<Loaded> {
  return async () => {
    const next = await loadConfiguration(where);
    const lines = (severity: 'error' | 'warning'): string[] =>
      next.diagnostics.filter(({ start }) => start === severity).map(lineOf);
    if (!next.ok) return { kind: 'rejected', errors: lines('error') };
    return { kind: 'loaded', configuration: adapt(next.configuration), warnings: lines('warning') };
  };
}

/**
 * Serves a configuration with banner, log, watch and signals.
 *
 * @param extra `hint`: what to say below the banner, given the balancer's address; `text`: what the file held when it
 *   was loaded
 */
export async function serveUntilSignalled(
  configuration: Configuration,
  load: () => Promise<Loaded>,
  world: World,
  extra: { readonly hint?: (url: string) => string; readonly text?: string } = {},
): Promise<number> {
  const { stdout, stderr, env } = world;
  let redact = (text: string): string => text;
  const clock: Clock = systemClock();
  const log = createLog({
    ...logSettings(configuration, world),
    format: stdout.isTTY === true ? 'text' : 'json',
    console: stdout,
    now: clock.now,
    redact: (text) => redact(text),
  });
  let settings = configuration;
  const observe = (event: BalancerEvent): void => {
    log.observe(event);
    if (event.type === 'config.reloaded') log.configure(logSettings(settings, world));
  };
  const loadAndKeep = async (): Promise<Loaded> => {
    const loaded = await load();
    if (loaded.kind === 'loaded') settings = loaded.configuration;
    return loaded;
  };
  const signals = listenForSignals();
  const leaveCrashes = reportCrashes((text) => redact(text), stderr);
  const started = await serve({ configuration, env, clock, observe, load: loadAndKeep });
  if (started.kind === 'failed') {
    signals.close();
    leaveCrashes();
    stderr.write(`${started.message}\n`);
    await log.close();
    return 1;
  }
  const { balancer } = started;
  redact = balancer.engine.redact;
  const { file } = configuration;
  const onChange = async (): Promise<void> => {
    if (balancer.settings().reload) await balancer.reload();
  };
  const { hint, text: loaded } = extra;
  const watch = file === undefined ? undefined : watchConfiguration(file, onChange, { clock, loaded });
  await watch?.ready;
  greet(balancer, log, world, hint?.(balancer.server.url) ?? '');

  await signals.first;
  await Promise.race([balancer.drain(), signals.second.then(() => balancer.stop())]);
  signals.close();
  leaveCrashes();
  watch?.close();
  await log.close();
  return 0;
}

function greet(balancer: Balancer, log: Log, world: World, hint: string): void {
  const { settings, engine, server } = balancer;
  const { host, logLevel, logColor, auth } = settings();
  const facts = {
    version: packageVersion(),
    logLevel,
    url: server.url,
    authEnabled: auth.enabled,
    providers: engine.status().providers.map((provider) => ({
      name: provider.id,
      type: provider.type,
      baseUrl: provider.baseUrl,
      healthy: provider.state === 'healthy' || provider.state === 'degraded',
      ...(provider.unservable === undefined ? {} : { note: provider.unservable }),
    })),
  };
  const { stdout } = world;
  const color = logColor && showsColor(stdout, world);
  const columns = stdout.isTTY === true ? { columns: stdout.columns } : {};
  // Piped output is JSON lines; the panel is for people and goes beside it.
  (stdout.isTTY === true ? stdout : world.stderr).write(banner(facts, { color, ...columns }) + hint);
  const warning = bindingWarning(host, auth.enabled);
  if (warning !== undefined) log.observe({ type: 'config.warning', message: warning });
}

/** What the log takes from a configuration. */
export function logSettings({ settings }: Pick<Configuration, 'settings'>, world: World) {
  const { logLevel, logColor, logFilePath, logMaxBytes, logMaxFiles, appName } = settings;
  return {
    level: logLevel,
    color: logColor && showsColor(world.stdout, world),
    filePath: logFilePath,
    fileMaxBytes: logMaxBytes,
    fileMaxFiles: logMaxFiles,
    logger: appName,
  };
}

/** Flags win over the file and the environment. */
export function withFlags(configuration: Configuration, { port, host }: ListenOptions): Configuration {
  const flags = { ...(port === undefined ? {} : { port }), ...(host === undefined ? {} : { host }) };
  return { ...configuration, settings: { ...configuration.settings, ...flags } };
}

function say(diagnostics: readonly Diagnostic[], world: World): void {
  const text = formatDiagnostics(diagnostics, { color: showsColor(world.stderr, world), occasion: 'start' });
  if (text !== '') world.stderr.write(`${text}\n`);
}

function lineOf(diagnostic: Diagnostic): string {
  return formatDiagnostics([diagnostic], { occasion: 'start' }) || describeDiagnostic(diagnostic);
}
