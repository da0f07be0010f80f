import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const ServiceSchema = v.pipe(
  v.object({
    service: v.pipe(v.string(), v.description('settings.app_name.')),
    version: v.string(),
    status: v.pipe(v.literal('healthy'), v.description('Always; GET /health tells more.')),
    providers_available: v.pipe(
      count,
      v.description('Providers that take requests in the ordinary way now.'),
    ),
  }),
  v.title('Service'),
);

export const HealthySchema = v.pipe(v.object({ status: v.literal('healthy') }), v.title('Healthy'));

export const UnhealthySchema = v.pipe(
  v.object({ status: v.literal('unhealthy'), message: v.string() }),
  v.title('Unhealthy'),
);

export const AliveSchema = v.pipe(v.object({ status: v.literal('alive') }), v.title('Alive'));

export const ReadySchema = v.pipe(v.object({ status: v.literal('ready') }), v.title('Ready'));

export const NotReadySchema = v.pipe(
  v.object({ status: v.picklist(['starting', 'draining', 'stopped']) }),
  v.title('NotReady'),
);

export const HelloSchema = v.pipe(v.object({ message: v.literal('hello') }), v.title('Hello'));

/** `?force=`: as the older products took booleans. */
export const ForceSchema = v.optional(
  v.pipe(
    v.string(),
    v.toLowerCase(),
    v.picklist(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off'], 'must be true or false.'),
    v.transform((word) => ['true', '1', 'yes', 'on'].includes(word)),
    v.boolean(),
  ),
);

export const CleanupSchema = v.pipe(
  v.object({
    status: v.literal('cleanup completed'),
    cleared: v.object({
      sessions: v.pipe(count, v.description('Sessions (and routes) whose provider was forgotten.')),
      model_lists: v.pipe(
        count,
        v.description('Lists of models, fetched from providers, that were forgotten.'),
      ),
      answers: v.pipe(count, v.description('Kept answers that were forgotten.')),
    }),
  }),
  v.title('Cleanup'),
);
