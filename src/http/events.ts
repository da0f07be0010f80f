/**
 * What the HTTP layer tells about itself. A subset of the balancer's events by shape, so that one observer
 * takes both; declared here because HTTP knows nothing of telemetry.
 */
export type HttpEvent =
  | {
      readonly type: 'auth.refused';
      readonly requestId: string;
      readonly path: string;
      readonly reason: string;
    }
  | { readonly type: 'client.hint'; readonly message: string }
  | {
      /** A request that never reached the engine: too large, no room, broken off, not readable, draining. */
      readonly type: 'request.rejected';
      readonly requestId: string;
      readonly path: string;
      readonly status: number;
      readonly reason: string;
    }
  | {
      readonly type: 'fault';
      readonly message: string;
      readonly error: unknown;
      readonly requestId?: string;
    };
