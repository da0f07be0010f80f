import { hasErrors } from '../config/diagnostic.ts';
import { formatDiagnostics } from '../config/format.ts';
import { type LoadOptions, loadConfiguration } from '../config/load.ts';
import { watchConfiguration } from '../config/watch.ts';
import type { Configuration } from '../domain/settings/settings.ts';
import { isLoopback } from '../http/host.ts';
import { EXIT } from './exit-codes.ts';
import { hasPassthrough, type OpenGate } from './gate.ts';
import { openRunLog } from './run-log.ts';
import { type Balancer, type Loaded, serve } from './serve.ts';
import { reloader } from './start.ts';
import { systemClock } from './system-clock.ts';
import { showsColor, type World } from './world.ts';

const LOOPBACK = '127.0.0.1';

/** Starts a balancer for a program: on this machine only, at the configured port or, where that is taken, at a free one. */
export async function startTemporary(config: string | undefined, world: World): Promise<OpenGate> {
  const { cwd, home, env, stderr } = world;
  const where: LoadOptions = { cwd, home, env, ...(config !== undefined && { path: config }) };
  const first = await loadConfiguration(where);
  const told = first.diagnostics.filter(({ start }) => start === 'error' || start === 'warning');
  const text = formatDiagnostics(told, { color: showsColor(stderr, world) });
  if (text !== '') stderr.write(`${text}\n`);
  if (!first.ok || hasErrors(first.diagnostics, 'start')) {
    return none('The balancer cannot start with this configuration.');
  }
  const clock = systemClock();
  const configuration = onThisMachine(first.configuration);
  const log = openRunLog(configuration, world, clock);
  const serveAt = (port: number) => {
    const at = (other: Configuration): Configuration => atPort(onThisMachine(other), port);
    const read = reloader(where, at);
    const load = async (): Promise<Loaded> => {
      const loaded = await read();
      if (loaded.kind === 'loaded') log.follow(loaded.configuration);
      return loaded;
    };
    const { observe } = log;
    return serve({ configuration: at(configuration), env, clock, observe, load, temporary: true });
  };
  let started = await serveAt(configuration.settings.port);
  if (started.kind === 'failed' && started.code === 'EADDRINUSE') started = await serveAt(0);
  if (started.kind === 'failed') {
    await log.close();
    return none(started.message);
  }
  const { balancer } = started;
  log.redactBy(balancer.engine.redact);
  const stopWatching = watchFile(configuration.file, first.text, balancer);
  const { auth } = configuration.settings;
  const [key] = auth.enabled ? auth.apiKeys : [];
  return {
    kind: 'open',
    gate: {
      url: balancer.server.url,
      ...(key !== undefined && { key }),
      passthrough: hasPassthrough(configuration),
    },
    async close() {
      stopWatching();
      await balancer.stop();
      await log.close();
      return log.complaint();
    },
  };
}

/** Takes over changes of the file; gives the way to end that. */
function watchFile(file: string | undefined, loaded: string, balancer: Balancer): () => void {
  if (file === undefined) return () => {};
  const onChange = async (): Promise<void> => {
    if (balancer.settings().reload) await balancer.reload();
  };
  const watch = watchConfiguration(file, onChange, { clock: systemClock(), loaded });
  return () => watch.close();
}

function none(message: string): OpenGate {
  return { kind: 'none', code: EXIT.noBalancer, message };
}

/** Nobody but the program needs it, so nobody else's machine reaches it. */
function onThisMachine(configuration: Configuration): Configuration {
  const { settings } = configuration;
  return isLoopback(settings.host)
    ? configuration
    : { ...configuration, settings: { ...settings, host: LOOPBACK } };
}

/** It stays where it is, whatever the file says at a reload. */
function atPort(configuration: Configuration, port: number): Configuration {
  return { ...configuration, settings: { ...configuration.settings, port } };
}
