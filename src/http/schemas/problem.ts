import * as v from 'valibot';

/** Anthropic's error envelope, as every error of the balancer itself comes. */
export const ErrorSchema = v.pipe(
  v.object({
    type: v.literal('error'),
    error: v.object({
      type: v.pipe(v.string(), v.description('Anthropic’s name of the error, by the status.')),
      message: v.pipe(v.string(), v.description('For people: what happened, and what to do about it.')),
      code: v.optional(
        v.pipe(
          v.picklist(['AUTH_FAILED', 'HOST_NOT_ALLOWED', 'ORIGIN_NOT_ALLOWED']),
          v.description('Our own word, where whoever asked was not let in.'),
        ),
      ),
      provider: v.optional(
        v.pipe(
          v.nullable(v.string()),
          v.description('The provider that failed last. Only with settings.expose_provider_errors.'),
        ),
      ),
      provider_message: v.optional(
        v.pipe(
          v.nullable(v.string()),
          v.description('What that provider said. Only with settings.expose_provider_errors.'),
        ),
      ),
      provider_code: v.optional(
        v.pipe(
          v.nullable(v.union([v.string(), v.number()])),
          v.description('Its type or code of the error. Only with settings.expose_provider_errors.'),
        ),
      ),
    }),
    request_id: v.optional(v.pipe(v.string(), v.description('Found again in the log.'))),
  }),
  v.title('Error'),
  v.description('Anthropic’s error envelope.'),
);
