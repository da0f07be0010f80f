import { isAbsolute, join } from 'node:path';
import { Writable } from 'node:stream';
import { hasErrors } from '../config/diagnostic.ts';
import { formatDiagnostics } from '../config/format.ts';
import { type LoadOptions, loadConfiguration } from '../config/load.ts';
import { watchConfiguration } from '../config/watch.ts';
import type { Configuration } from '../domain/settings.ts';
import { isLoopback } from '../http/host.ts';
import type { BalancerEvent } from '../telemetry/events.ts';
import { createLog } from '../telemetry/log.ts';
import { EXIT } from './exit-codes.ts';
import { hasPassthrough, type OpenGate } from './gate.ts';
import { serve } from './serve.ts';
import { logSettings, reloader } from './start.ts';
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
    return {
      kind: 'none',
      code: EXIT.noBalancer,
      message: 'The balancer cannot start with this configuration.',
    };
  }
  const configuration = onThisMachine(first.configuration);
  const logPath = configuration.settings.logFilePath ?? defaultLogPath(world);
  let redact = (line: string): string => line;
  const clock = systemClock();
  // The program owns the screen.
  const quiet = (from: Configuration) => ({
    ...logSettings(from, world),
    filePath: from.settings.logFilePath ?? logPath,
  });
  const log = createLog({
    ...quiet(configuration),
    format: 'json',
    console: nowhere(),
    now: clock.now,
    redact: (line) => redact(line),
  });
  let current = configuration;
  let failures = 0;
  const observe = (event: BalancerEvent): void => {
    if (isFailure(event)) failures += 1;
    log.observe(event);
    if (event.type === 'config.reloaded') log.configure(quiet(current));
  };
  const read = reloader(where, onThisMachine);
  const load = async () => {
    const loaded = await read();
    if (loaded.kind === 'loaded') current = loaded.configuration;
    return loaded;
  };
  const options = { env, clock, observe, load, temporary: true };
  let started = await serve({ ...options, configuration });
  if (started.kind === 'failed' && started.code === 'EADDRINUSE') {
    started = await serve({ ...options, configuration: atAnyPort(configuration) });
  }
  if (started.kind === 'failed') {
    await log.close();
    return { kind: 'none', code: EXIT.noBalancer, message: started.message };
  }
  const { balancer } = started;
  redact = balancer.engine.redact;
  const { file, settings } = configuration;
  const onChange = async (): Promise<void> => {
    if (balancer.settings().reload) await balancer.reload();
  };
  const watch =
    file === undefined ? undefined : watchConfiguration(file, onChange, { clock, loaded: first.text });
  const [key] = settings.auth.enabled ? settings.auth.apiKeys : [];
  return {
    kind: 'open',
    gate: {
      url: balancer.server.url,
      ...(key !== undefined && { key }),
      passthrough: hasPassthrough(configuration),
    },
    async close() {
      watch?.close();
      await balancer.stop();
      await log.close();
      if (failures === 0) return undefined;
      return `The balancer could not serve ${failures} request${failures === 1 ? '' : 's'}; its log tells why: ${logPath}`;
    },
  };
}

/** Nobody but the program needs it, so nobody else's machine reaches it. */
function onThisMachine(configuration: Configuration): Configuration {
  const { settings } = configuration;
  return isLoopback(settings.host)
    ? configuration
    : { ...configuration, settings: { ...settings, host: LOOPBACK } };
}

function atAnyPort(configuration: Configuration): Configuration {
  return { ...configuration, settings: { ...configuration.settings, port: 0 } };
}

function isFailure(event: BalancerEvent): boolean {
  if (event.type === 'fault') return true;
  return event.type === 'request.ended' && ['exhausted', 'broken', 'faulted'].includes(event.result);
}

function defaultLogPath({ env, home }: World): string {
  const { XDG_STATE_HOME: state } = env;
  const base = state !== undefined && isAbsolute(state) ? state : join(home, '.local', 'state');
  return join(base, 'claude-code-balancer', 'run.log');
}

function nowhere(): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
}
