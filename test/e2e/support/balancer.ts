import { type Balancer, type Loaded, serve } from '../../../src/cli/serve.ts';
import { systemClock } from '../../../src/cli/system-clock.ts';
import { formatDiagnostics } from '../../../src/config/format.ts';
import { parseConfiguration } from '../../../src/config/parse.ts';
import type { Configuration } from '../../../src/domain/settings/settings.ts';
import { type EventRecord, recordEvents } from './event-record.ts';
import { startWireTap, type WireTap } from './wire-tap.ts';

/** A configuration as its file writes it; times in seconds. */
export interface ConfigurationFile {
  readonly providers: readonly ProviderEntry[];
  readonly model_routes?: Readonly<Record<string, readonly object[]>>;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export type ProviderEntry = Readonly<Record<string, unknown>> & { readonly name: string };

/** The whole balancer in this process, with a tap before its door. */
export interface RunningBalancer {
  /** Where clients go: the tap. */
  readonly url: string;
  readonly tap: WireTap;
  readonly events: EventRecord;
  readonly balancer: Balancer;
  /** Takes over another configuration, as a reload of the file does. */
  reconfigure(file: ConfigurationFile): Promise<void>;
  stop(): Promise<void>;
}

export async function startBalancer(file: ConfigurationFile): Promise<RunningBalancer> {
  const events = recordEvents();
  let configuration = read(file);
  const load = async (): Promise<Loaded> => ({ kind: 'loaded', configuration });
  const started = await serve({
    configuration,
    env: {},
    clock: systemClock(),
    observe: events.observe,
    load,
  });
  if (started.kind === 'failed') throw new Error(started.message);
  const { balancer } = started;
  const tap = await startWireTap(balancer.server.port);
  return {
    url: tap.url,
    tap,
    events,
    balancer,
    reconfigure: async (next) => {
      configuration = read(next);
      await balancer.reload();
    },
    stop: async () => {
      await tap.close();
      await balancer.stop();
    },
  };
}

/** The credential that `entry` gives a provider of this name. */
export function keyOf(name: string): string {
  return `sk-key-of-${name}`;
}

/** An entry for a provider at `url`; times are long, so that nothing fails by being slow. */
export function entry(
  name: string,
  url: string,
  more: Readonly<Record<string, unknown>> = {},
): ProviderEntry {
  return { name, base_url: url, auth_value: keyOf(name), ...more };
}

function read(file: ConfigurationFile): Configuration {
  const settings = { port: 0, ...file.settings };
  const result = parseConfiguration(JSON.stringify({ ...file, settings }), { env: {} });
  if (!result.ok) throw new Error(formatDiagnostics(result.diagnostics));
  return result.configuration;
}
