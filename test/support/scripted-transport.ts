import type { Transport, UpstreamRequest, UpstreamSink } from '../../src/upstream/transport.ts';

/** One upstream request in the hands of the test. */
export interface ScriptedExchange {
  readonly request: UpstreamRequest;
  /** What the exchange's owner is told; the test plays the provider by it. */
  readonly sink: UpstreamSink;
  readonly aborted: boolean;
  readonly paused: boolean;
}

/** A transport that sends nothing: each request waits for the test to answer it. */
export function scriptedTransport(): { readonly transport: Transport; readonly sent: ScriptedExchange[] } {
  const sent: ScriptedExchange[] = [];
  const transport: Transport = (request, sink) => {
    const exchange = { request, sink, aborted: false, paused: false };
    sent.push(exchange);
    return {
      pause: () => {
        exchange.paused = true;
      },
      resume: () => {
        exchange.paused = false;
      },
      abort: () => {
        exchange.aborted = true;
      },
    };
  };
  return { transport, sent };
}
