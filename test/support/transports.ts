import { afterEach } from 'vitest';
import type { UpstreamRequest } from '../../src/upstream/transport.ts';
import {
  createUndiciTransport,
  type UndiciTransport,
  type UndiciTransportOptions,
} from '../../src/upstream/undici-transport.ts';
import { ManualClock } from './manual-clock.ts';
import { Recording } from './recording.ts';

export interface TransportBench {
  /** Waits for a server, and closes it after the test. */
  started<S extends { close(): Promise<void> }>(server: Promise<S>): Promise<S>;
  /** A real transport, destroyed after the test; its clock stands still unless the test moves it. */
  transportOf(
    settings?: UndiciTransportOptions['settings'],
    rest?: Partial<UndiciTransportOptions>,
  ): UndiciTransport;
  send(made: UndiciTransport, request: Partial<UpstreamRequest> & { url: string }): Recording;
}

/** To be called at the top of a test file. */
export function useTransports(): TransportBench {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  return {
    async started(server) {
      const running = await server;
      open.push(running);
      return running;
    },
    transportOf(settings = {}, rest = {}) {
      const made = createUndiciTransport({ settings, env: {}, clock: new ManualClock(), ...rest });
      open.push({ close: () => made.destroy() });
      return made;
    },
    send: (made, request) => Recording.start(made.transport, request),
  };
}
