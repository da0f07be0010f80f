import type { Handler, Hono } from 'hono';
import type { GenericSchema } from 'valibot';
import type { HttpEnv } from './context.ts';
import { type Handlers, serve } from './methods.ts';

/** One route: how it is served and, beside it, what it promises. The document is made of the same values. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With parameters in braces: `/providers/{name}/reset`. */
  readonly path: string;
  /** Further paths that lead to the same place. */
  readonly aliases?: readonly string[];
  /** What whoever comes with another method is told, after the method that works. */
  readonly hint?: string;
  readonly operation: Operation;
  readonly handler: Handler<HttpEnv>;
}

/** What a route is for, takes and gives. Texts are plain sentences. */
export interface Operation {
  /** Unique; the name of a generated client's function. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: Content & { readonly description: string };
  /** By status; `default`: any other one. */
  readonly answers: Readonly<Record<string, Answer>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly schema: GenericSchema;
  /** Path parameters always are. */
  readonly required?: boolean;
}

export interface Content {
  /** Default: `application/json`. */
  readonly type?: string;
  readonly schema: GenericSchema;
  readonly example?: unknown;
}

/** An answer has a body if it has a schema. */
export interface Answer extends Partial<Content> {
  readonly description: string;
  /** Other forms in which the same answer may come: media type and schema. */
  readonly also?: Content;
  /** Headers worth knowing: name and meaning. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Serves every route of the table; other methods of their paths are told what works. */
export function registerRoutes(app: Hono<HttpEnv>, routes: readonly Route[]): void {
  const places = new Map<string, { handlers: Handlers; hint: string | undefined }>();
  for (const { method, path, aliases = [], handler, hint } of routes) {
    for (const each of [path, ...aliases]) {
      const place = places.get(each);
      const handlers = { ...place?.handlers, [method]: handler };
      places.set(each, { handlers, hint: place?.hint ?? hint });
    }
  }
  for (const [path, { handlers, hint }] of places) serve(app, handlers, honoPath(path), hint);
}

/** `/providers/{name}` as Hono writes it: `/providers/:name`. */
export function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}
