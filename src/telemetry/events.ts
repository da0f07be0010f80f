import type { RequestTrace } from '../domain/decision/trace.ts';
import type { Failure, Usage } from '../domain/failures/outcome.ts';
import type { UnknownPart } from '../domain/learning/unknown-part.ts';

/** Everything the balancer tells about itself. One typed enumeration; log, metrics and inspector read it. */
export type BalancerEvent =
  | { readonly type: 'server.listening'; readonly url: string }
  | { readonly type: 'server.draining'; readonly inFlight: number }
  | { readonly type: 'server.stopped' }
  | { readonly type: 'config.loaded'; readonly file: string | undefined; readonly providers: number }
  | {
      readonly type: 'config.reloaded';
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly changed: readonly string[];
      /** Settings that are others now, by their names in the file. */
      readonly settings: readonly string[];
      readonly routesChanged: boolean;
      /** The providers stand in another order. */
      readonly orderChanged: boolean;
    }
  | { readonly type: 'config.rejected'; readonly message: string }
  | { readonly type: 'config.warning'; readonly message: string }
  | { readonly type: 'request.received'; readonly request: RequestFacts; readonly preview?: string }
  | {
      readonly type: 'request.attempt_failed';
      readonly request: RequestFacts;
      readonly provider: string;
      readonly model: string;
      readonly attempt: number;
      readonly failure: Failure;
      readonly afterMs: number;
    }
  | { readonly type: 'request.hint'; readonly request: RequestFacts; readonly message: string }
  /** A duplicate of a request in flight: it shares its answer. */
  | { readonly type: 'request.joined'; readonly request: RequestFacts; readonly leader: string }
  | {
      /** An answer that several requests shared has ended. */
      readonly type: 'request.shared';
      readonly request: RequestFacts;
      /** How many others shared it. */
      readonly guests: number;
      /** Bytes of the stream; 0 for a whole answer. */
      readonly bytes: number;
    }
  | RequestEnded
  | HealthChanged
  | {
      /** From now on requests for this model go to the provider without what it refused as unknown. */
      readonly type: 'provider.learned';
      readonly provider: string;
      readonly model: string;
      readonly parts: readonly UnknownPart[];
      readonly requestId: string;
    }
  | {
      /** What a converted request does not hold though it changes the answer; told once for each of them. */
      readonly type: 'provider.lacks';
      readonly provider: string;
      readonly model: string;
      /** In plain words: `the tool web_search_20250305, which only Anthropic runs`. */
      readonly parts: readonly string[];
      readonly requestId: string;
    }
  | {
      readonly type: 'provider.operated';
      readonly provider: string;
      readonly action: 'cool' | 'reset' | 'forget' | 'disable' | 'enable';
    }
  | {
      readonly type: 'auth.refused';
      readonly requestId: string;
      readonly path: string;
      readonly reason: string;
    }
  /** Advice about how a client is set up. */
  | { readonly type: 'client.hint'; readonly message: string }
  | {
      /** Turned away before it was a request: too large, no room, not readable, draining. */
      readonly type: 'request.rejected';
      readonly requestId: string;
      readonly path: string;
      readonly status: number;
      readonly reason: string;
    }
  | { readonly type: 'state.warning'; readonly message: string }
  /** Tokens could not be counted and are estimated. */
  | { readonly type: 'tokens.warning'; readonly message: string }
  | {
      readonly type: 'fault';
      readonly message: string;
      readonly error: unknown;
      readonly requestId?: string;
    };

export type BalancerEventType = BalancerEvent['type'];

/** What is known of a request without reading its content. */
export interface RequestFacts {
  readonly id: string;
  readonly endpoint: 'messages' | 'count_tokens';
  readonly model: string;
  readonly stream: boolean;
  readonly session?: string;
  readonly agent?: string;
  /** Body size, bytes. */
  readonly bytes: number;
}

/** One line a request. */
export interface RequestEnded {
  readonly type: 'request.ended';
  readonly request: RequestFacts;
  readonly result: 'served' | 'broken' | 'refused' | 'exhausted' | 'cancelled' | 'faulted' | 'local';
  /** Status sent to the client; 0 if none was. */
  readonly status: number;
  /** Who served it, if anyone. */
  readonly provider?: string;
  readonly model?: string;
  readonly trace: RequestTrace;
  readonly usage?: Usage;
  /** Id of the request whose upstream answer it shared: attempts and usage are told there. */
  readonly joined?: string;
  /** It got a kept answer. */
  readonly cached?: true;
  /** From arrival to the first content sent, ms. */
  readonly timeToFirstContentMs?: number;
  readonly durationMs: number;
  /** The final error's message, where there was one. */
  readonly error?: string;
}

/** A change of health never comes without its cause. */
export interface HealthChanged {
  readonly type: 'health.changed';
  readonly provider: string;
  /** `provider`, `model <name>` or `endpoint <name>`. */
  readonly scope: string;
  readonly from: string;
  readonly to: string;
  /** The rule that did it, in words: "2nd counted failure", "stated window", "trial succeeded", "operator reset". */
  readonly rule: string;
  readonly cause?: Failure;
  readonly requestId?: string;
  readonly attempt?: number;
  /** Wall clock ms. */
  readonly coolingUntil?: number;
}
