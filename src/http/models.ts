import type { Hono } from 'hono';
import type { ModelInfo } from '../engine/interface.ts';
import type { AppDependencies, HttpContext, HttpEnv } from './context.ts';
import { serve } from './methods.ts';
import { problemResponse } from './problem.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;

/** `GET /v1/models` in Anthropic's form, with its paging (`limit`, `after_id`, `before_id`). Answered locally. */
export function modelRoutes(app: Hono<HttpEnv>, deps: AppDependencies): void {
  const list = (c: HttpContext): Response => {
    const limit = pageSize(c.req.query('limit'));
    if (limit === undefined) {
      return problemResponse(c, { status: 400, message: `limit must be a number from 1 to ${MAX_LIMIT}.` });
    }
    const models = deps.engine.models([...c.req.raw.headers].flat());
    return c.json(page(models, limit, c.req.query('after_id'), c.req.query('before_id')));
  };
  for (const path of ['/v1/models', '/v1/v1/models']) serve(app, 'GET', path, list);
}

function pageSize(text: string | undefined): number | undefined {
  if (text === undefined) return DEFAULT_LIMIT;
  const value = Number(text);
  return /^\d+$/.test(text) && value >= 1 && value <= MAX_LIMIT ? value : undefined;
}

function page(
  models: readonly ModelInfo[],
  limit: number,
  afterId: string | undefined,
  beforeId: string | undefined,
): object {
  const after = indexOf(models, afterId);
  const before = afterId === undefined ? indexOf(models, beforeId) : undefined;
  const start =
    after === undefined ? Math.max(0, (before ?? 0) - (before === undefined ? 0 : limit)) : after + 1;
  const shown = models.slice(start, before === undefined ? start + limit : before);
  return {
    data: shown.map((model) => ({
      type: 'model',
      id: model.id,
      display_name: model.displayName,
      created_at: model.createdAt,
    })),
    has_more: before === undefined ? start + limit < models.length : start > 0,
    first_id: shown[0]?.id ?? null,
    last_id: shown.at(-1)?.id ?? null,
  };
}

/** Where a model stands in the list; undefined without an id or for an unknown one. */
function indexOf(models: readonly ModelInfo[], id: string | undefined): number | undefined {
  const at = id === undefined ? -1 : models.findIndex((model) => model.id === id);
  return at === -1 ? undefined : at;
}
