import type { PhaseTimeouts, Timeouts } from '../domain/settings.ts';
import type { ProviderEntry, SettingsEntry } from './schema.ts';

/** Seconds of the file in whole ms. */
export function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}

type Phases = SettingsEntry['timeouts']['streaming'];

export function readTimeouts(entry: SettingsEntry['timeouts']): Timeouts {
  return { streaming: phases(entry.streaming), nonStreaming: phases(entry.non_streaming) };
}

/** A provider's own limits over the general ones. */
export function overrideTimeouts(general: Timeouts, own: ProviderEntry['timeouts']): Timeouts {
  return {
    streaming: override(general.streaming, own.streaming),
    nonStreaming: override(general.nonStreaming, own.non_streaming),
  };
}

function phases(entry: Phases): PhaseTimeouts {
  return {
    connectMs: toMs(entry.connect_timeout),
    readMs: toMs(entry.read_timeout),
    poolMs: toMs(entry.pool_timeout),
    firstContentMs: toMs(entry.first_content_timeout),
  };
}

function override(general: PhaseTimeouts, own: ProviderEntry['timeouts']['streaming']): PhaseTimeouts {
  const either = (seconds: number | undefined, ms: number) => (seconds === undefined ? ms : toMs(seconds));
  return {
    connectMs: either(own.connect_timeout, general.connectMs),
    readMs: either(own.read_timeout, general.readMs),
    poolMs: either(own.pool_timeout, general.poolMs),
    firstContentMs: either(own.first_content_timeout, general.firstContentMs),
  };
}
