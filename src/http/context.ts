import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import type { Settings } from '../domain/settings/settings.ts';
import type { Engine, EngineStatus } from '../engine/interface.ts';
import type { Dialect } from './dialect.ts';
import type { HttpEvent } from './events.ts';
import type { InspectorPort } from './inspector/port.ts';
import type { HttpLimits } from './limits.ts';

/** What a reload came to. A refused one changed nothing. */
export type ReloadOutcome =
  | { readonly kind: 'reloaded' }
  /** `errors`: one line each, with place and remedy; no secret in it. */
  | { readonly kind: 'rejected'; readonly errors: readonly string[] };

/** Everything the routes need, handed in once. Settings come through a getter: a reload changes them, never the routes. */
export interface AppDependencies {
  readonly engine: Engine;
  readonly settings: () => Settings;
  /** Re-reads the configuration, for `POST /providers/reload`. */
  readonly reload: () => Promise<ReloadOutcome>;
  readonly budget: BufferBudget;
  readonly observe: (event: HttpEvent) => void;
  /** Our version, shown at `GET /`. */
  readonly version: string;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** A new request id. */
  readonly newId: () => string;
  /** Strikes configured secrets out of a text before it is shown. */
  readonly redact: (text: string) => string;
  /** The engine's phase without building its whole status; asked once a request. */
  readonly phase: () => EngineStatus['phase'];
  readonly limits: HttpLimits;
  /** Undefined: `settings.inspector.enabled` was off at the start. */
  readonly inspector?: InspectorPort | undefined;
}

/** Hono's environment. Node's own objects are absent where a test calls `app.request()`. */
export interface HttpEnv {
  Bindings: Partial<HttpBindings>;
  Variables: {
    requestId: string;
    /** Errors of this request carry the keys about the provider (`settings.expose_provider_errors`; not those of the routes for operators). */
    exposesProviderErrors: boolean;
    /** Whose errors and lists the client reads. */
    dialect: Dialect;
  };
}

export type HttpContext = Context<HttpEnv>;
