import { isUtf8 } from 'node:buffer';
import { createEngine, type EngineOptions, type RunningEngine } from '../../src/engine/engine.ts';
import type { ClientRequest, Departure, Engine, Reply } from '../../src/engine/interface.ts';
import type { ProviderTransport } from '../../src/engine/runtime.ts';
import type { Transport } from '../../src/upstream/transport.ts';
import { SIZE_COUNTER } from './size-counter.ts';

type Usual = 'random' | 'isUtf8' | 'countTokens';

/** An engine that takes requests. Where nothing else is said, its chance gives no jitter and its counts go by size. */
export async function openedEngine(
  options: Omit<EngineOptions, Usual> & Partial<Pick<EngineOptions, Usual>>,
): Promise<RunningEngine> {
  const { countTokens } = SIZE_COUNTER;
  const engine = await createEngine({ random: () => 0.5, isUtf8, countTokens, ...options });
  engine.opened();
  return engine;
}

/** A transport with nothing to close. */
export function closeless(transport: Transport): ProviderTransport {
  return { transport, close: async () => {}, destroy: async () => {} };
}

/** The reply to a request, where it is enough to have it a little later. */
export function replyOf(
  engine: Pick<Engine, 'submit'>,
  request: ClientRequest,
  departure: Departure = new AbortController().signal,
): Promise<Reply> {
  return new Promise((resolve) => engine.submit(request, departure, resolve));
}
