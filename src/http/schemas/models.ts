import * as v from 'valibot';

/** Largest page, as at Anthropic. */
const MAX_LIMIT = 1000;
const RANGE = `must be a number from 1 to ${MAX_LIMIT}.`;

export const LimitSchema = v.optional(
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, RANGE),
    v.transform(Number),
    v.number(),
    v.integer(),
    v.minValue(1, RANGE),
    v.maxValue(MAX_LIMIT, RANGE),
  ),
);

export const ModelSchema = v.pipe(
  v.object({
    type: v.literal('model'),
    id: v.string(),
    display_name: v.string(),
    created_at: v.pipe(
      v.string(),
      v.description('RFC 3339; 1970 for models that are only named in the configuration.'),
    ),
  }),
  v.title('Model'),
);

export const ModelPageSchema = v.pipe(
  v.object({
    data: v.array(ModelSchema),
    has_more: v.boolean(),
    first_id: v.nullable(v.string()),
    last_id: v.nullable(v.string()),
  }),
  v.title('ModelPage'),
  v.description('Anthropic’s form, with its paging.'),
);

export const ModelListSchema = v.pipe(
  v.object({
    object: v.literal('list'),
    data: v.array(
      v.object({
        id: v.string(),
        object: v.literal('model'),
        created: v.pipe(v.number(), v.description('Seconds since 1970; 0 where nobody told.')),
        owned_by: v.literal('balancer'),
      }),
    ),
  }),
  v.title('ModelList'),
  v.description('OpenAI’s form, which has no pages.'),
);
