import * as v from 'valibot';
import { count, flag, limitSeconds, seconds } from './fields.ts';

/** Who counts tokens, and what follows where a provider fails to. */
export const TokenCountingSchema = v.object({
  api_failure_cooldown: v.optional(
    v.pipe(
      seconds(
        'How long a provider that failed to count is not asked to; it does not grow. A time that the provider states goes before it, and the hour of an endpoint that is not there.',
      ),
      v.metadata({ unit: 's', defaultText: 'that of the failure' }),
    ),
  ),
  failure_threshold: v.optional(
    count('How many counted failures to count tokens lead to that.', 1, 1_000_000, {
      defaultText: 'that of `unhealthy_threshold`',
    }),
  ),
  always_use_local: v.optional(flag('No provider is asked to count: the balancer does.'), false),
  timeout_override: v.optional(limitSeconds('How long a provider may take to count.'), 10),
});
