import * as v from 'valibot';

/** What is read of a request; the whole list, with what becomes of each field, is in docs/chat-completions.md. */
export const ChatRequestSchema = v.pipe(
  v.objectWithRest(
    {
      model: v.pipe(v.string(), v.description('Chooses the route.')),
      messages: v.array(v.unknown()),
      stream: v.optional(v.nullable(v.boolean())),
      stream_options: v.optional(v.unknown()),
      max_completion_tokens: v.optional(v.nullable(v.number())),
      max_tokens: v.optional(v.nullable(v.number())),
      n: v.optional(v.nullable(v.pipe(v.number(), v.description('One at most.')))),
      tools: v.optional(v.array(v.unknown())),
      tool_choice: v.optional(v.unknown()),
      reasoning_effort: v.optional(v.nullable(v.string())),
      response_format: v.optional(v.unknown()),
      provider: v.optional(v.pipe(v.string(), v.description('Ours: only this provider may answer.'))),
    },
    v.unknown(),
  ),
  v.title('ChatRequest'),
  v.description('OpenAI’s request of Chat Completions. What has no place in the Messages API is left out.'),
);

export const CompletionSchema = v.pipe(
  v.object({
    id: v.string(),
    object: v.literal('chat.completion'),
    created: v.pipe(v.number(), v.description('Seconds since 1970.')),
    model: v.string(),
    choices: v.array(
      v.object({
        index: v.literal(0),
        message: v.objectWithRest(
          {
            role: v.literal('assistant'),
            content: v.nullable(v.string()),
            refusal: v.null(),
            reasoning_content: v.optional(v.pipe(v.string(), v.description('What the model thought.'))),
            reasoning_details: v.optional(
              v.pipe(
                v.array(v.unknown()),
                v.description('The same with its signature: to be sent back with the message.'),
              ),
            ),
            tool_calls: v.optional(v.array(v.unknown())),
          },
          v.unknown(),
        ),
        logprobs: v.null(),
        finish_reason: v.picklist(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']),
      }),
    ),
    usage: v.unknown(),
  }),
  v.title('ChatCompletion'),
);

export const ChunkStreamSchema = v.pipe(
  v.string(),
  v.description(
    'Server-sent events without names: chunks of the completion, then [DONE]. Pings are comments.',
  ),
);

/** OpenAI's error envelope. */
export const ChatErrorSchema = v.pipe(
  v.object({
    error: v.objectWithRest(
      {
        message: v.pipe(v.string(), v.description('For people: what happened, and what to do about it.')),
        type: v.string(),
        param: v.nullable(v.string()),
        code: v.nullable(v.string()),
      },
      v.unknown(),
    ),
  }),
  v.title('ChatError'),
  v.description('OpenAI’s error envelope.'),
);
