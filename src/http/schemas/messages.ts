import * as v from 'valibot';

/**
 * What goes to a provider as it came. Nothing of it is validated here: a field that we do not know yet is the
 * provider's business, so these schemas only name what the balancer itself looks at.
 */
export const MessageRequestSchema = v.pipe(
  v.objectWithRest(
    {
      model: v.pipe(v.string(), v.description('Chooses the route.')),
      stream: v.optional(v.pipe(v.boolean(), v.description('An event stream, if true.'))),
      max_tokens: v.optional(v.number()),
      messages: v.optional(v.array(v.unknown())),
      system: v.optional(v.unknown()),
      tools: v.optional(v.array(v.unknown())),
      metadata: v.optional(v.unknown()),
      provider: v.optional(
        v.pipe(
          v.string(),
          v.description('Ours: only this provider may answer. Taken out before the request goes on.'),
        ),
      ),
    },
    v.unknown(),
  ),
  v.title('MessageRequest'),
  v.description('Anthropic’s request. Everything goes on as it came.'),
);

export const MessageSchema = v.pipe(
  v.objectWithRest(
    {
      id: v.optional(v.string()),
      type: v.literal('message'),
      role: v.optional(v.string()),
      model: v.optional(v.string()),
      content: v.array(v.unknown()),
      stop_reason: v.optional(v.nullable(v.string())),
      usage: v.optional(v.unknown()),
    },
    v.unknown(),
  ),
  v.title('Message'),
  v.description('The provider’s message.'),
);

export const TokenCountSchema = v.pipe(
  v.objectWithRest({ input_tokens: v.pipe(v.number(), v.integer(), v.minValue(0)) }, v.unknown()),
  v.title('TokenCount'),
);

export const EventStreamSchema = v.pipe(
  v.string(),
  v.description(
    'Server-sent events: message_start … message_stop, as the provider sent them, with pings of ours.',
  ),
);
