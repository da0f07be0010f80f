import type { PhaseTimeouts, Timeouts } from '../domain/settings/settings.ts';
import type { ProviderEntry, SettingsEntry } from './schema.ts';

/** Seconds of the file in whole ms. */
export function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}

type Phases = SettingsEntry['timeouts']['streaming'];

/** The general limits, and that of counting tokens, which has no phases. */
export function readTimeouts({
  timeouts,
  token_counting,
}: Pick<SettingsEntry, 'timeouts' | 'token_counting'>): Timeouts {
  return {
    streaming: phases(timeouts.streaming),
    nonStreaming: phases(timeouts.non_streaming),
    countMs: toMs(token_counting.timeout_override),
  };
}

/** A provider's own limits over the general ones. */
export function overrideTimeouts(general: Timeouts, own: ProviderEntry['timeouts']): Timeouts {
  return {
    streaming: override(general.streaming, own.streaming),
    nonStreaming: override(general.nonStreaming, own.non_streaming),
    countMs: general.countMs,
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
