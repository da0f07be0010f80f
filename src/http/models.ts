import * as v from 'valibot';
import type { ModelInfo } from '../engine/interface.ts';
import { messageHeaders } from './chat-request.ts';
import type { AppDependencies, HttpContext } from './context.ts';
import { MODEL_PATHS } from './dialect.ts';
import { queryValue } from './query.ts';
import type { Route } from './route.ts';
import { LimitSchema, ModelListSchema, ModelPageSchema } from './schemas/models.ts';
import { ErrorSchema } from './schemas/problem.ts';

const DEFAULT_LIMIT = 20;

/**
 * `GET /v1/models` in the form that the client reads: Anthropic's with its paging (`limit`, `after_id`, `before_id`), or OpenAI's, whole.
 * Answered locally.
 */
export function modelRoutes(deps: AppDependencies): Route[] {
  const list = (c: HttpContext): Response => {
    const headers = [...c.req.raw.headers].flat();
    if (c.get('dialect') === 'openai') return c.json(listOf(deps.engine.models(messageHeaders(headers))));
    const limit = queryValue(c, 'limit', LimitSchema);
    if (limit.kind === 'refused') return limit.response;
    const models = deps.engine.models(headers);
    return c.json(
      page(models, limit.value ?? DEFAULT_LIMIT, c.req.query('after_id'), c.req.query('before_id')),
    );
  };
  const id = v.string();
  const [path, ...aliases] = MODEL_PATHS;
  return [
    {
      method: 'GET',
      path,
      aliases,
      operation: {
        id: 'listModels',
        tag: 'Messages',
        summary: 'The models that can be asked for',
        description:
          'Those that the configuration names, and those of providers that take every model, as far as they are ' +
          'known at this moment: no provider is waited for. A client that sends Authorization, and neither anthropic-version ' +
          'nor x-api-key, gets OpenAI’s form.',
        parameters: [
          {
            name: 'limit',
            in: 'query',
            description: `Models a page; ${DEFAULT_LIMIT} without it.`,
            schema: LimitSchema,
          },
          {
            name: 'after_id',
            in: 'query',
            description: 'The page after this model.',
            schema: v.optional(id),
          },
          { name: 'before_id', in: 'query', description: 'The page before it.', schema: v.optional(id) },
        ],
        answers: {
          200: {
            description: 'One page; in OpenAI’s form all of them.',
            schema: v.union([ModelPageSchema, ModelListSchema]),
          },
          400: { description: 'limit is no number, or out of range.', schema: ErrorSchema },
        },
      },
      handler: list,
    },
  ];
}

function listOf(models: readonly ModelInfo[]): v.InferOutput<typeof ModelListSchema> {
  const data = models.map(({ id, createdAt }) => ({
    id,
    object: 'model' as const,
    created: Math.floor((Date.parse(createdAt) || 0) / 1000),
    owned_by: 'balancer' as const,
  }));
  return { object: 'list', data };
}

function page(
  models: readonly ModelInfo[],
  limit: number,
  afterId: string | undefined,
  beforeId: string | undefined,
): v.InferOutput<typeof ModelPageSchema> {
  const after = indexOf(models, afterId);
  const before = afterId === undefined ? indexOf(models, beforeId) : undefined;
  const start =
    after === undefined ? Math.max(0, (before ?? 0) - (before === undefined ? 0 : limit)) : after + 1;
  const shown = models.slice(start, before === undefined ? start + limit : before);
  return {
    data: shown.map((model) => ({
      type: 'model' as const,
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
