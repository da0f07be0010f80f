import { isAbsolute, join } from 'node:path';
import { Writable } from 'node:stream';
import type { Configuration } from '../domain/settings/settings.ts';
import type { Clock } from '../domain/time.ts';
import type { BalancerEvent } from '../telemetry/events.ts';
import { createLog } from '../telemetry/log.ts';
import { logSettings } from './start.ts';
import type { World } from './world.ts';

/** The log of a balancer that a program brought along: in a file only, for the program owns the screen. */
export interface RunLog {
  readonly observe: (event: BalancerEvent) => void;
  /** From the next reload on these settings count. */
  follow(configuration: Configuration): void;
  /** How secrets are struck out from now on. */
  redactBy(redact: (text: string) => string): void;
  /** What the user should be told of, if the program failed; undefined if nothing. */
  complaint(): string | undefined;
  close(): Promise<void>;
}

/** Opens it at `settings.log_file_path`, else in the folder for state. */
export function openRunLog(configuration: Configuration, world: World, clock: Clock): RunLog {
  const path = configuration.settings.logFilePath ?? defaultPath(world);
  let current = configuration;
  let strike = (text: string): string => text;
  let failures = 0;
  const settings = () => ({
    ...logSettings(current, world),
    filePath: current.settings.logFilePath ?? path,
  });
  const log = createLog({
    ...settings(),
    format: 'json',
    console: nowhere(),
    now: clock.now,
    redact: (text) => strike(text),
  });
  return {
    observe(event) {
      if (isFailure(event)) failures += 1;
      log.observe(event);
      if (event.type === 'config.reloaded') log.configure(settings());
    },
    follow(next) {
      current = next;
    },
    redactBy(redact) {
      strike = redact;
    },
    complaint() {
      if (failures === 0) return undefined;
      const many = `${failures} request${failures === 1 ? '' : 's'}`;
      return `The balancer could not serve ${many}; its log tells why: ${settings().filePath}`;
    },
    close: () => log.close(),
  };
}

function isFailure(event: BalancerEvent): boolean {
  if (event.type === 'fault') return true;
  if (event.type !== 'request.ended') return false;
  // A provider's refusal speaks for itself. Of our own one, as of a model without a route, the client may hide the words.
  const isOurRefusal = event.result === 'refused' && event.trace.attempts.length === 0;
  return isOurRefusal || ['exhausted', 'broken', 'faulted'].includes(event.result);
}

function defaultPath({ env, home }: World): string {
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
