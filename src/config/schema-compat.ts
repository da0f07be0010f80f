import * as v from 'valibot';
import { anything, choice, count, flag, texts } from './fields.ts';

const BY_HOST = { defaultText: 'by host and model' } as const;

function byHost<T extends v.GenericSchema>(schema: T) {
  return v.optional(v.pipe(schema, v.metadata(BY_HOST)));
}

/** `compat` of a provider of type `openai`: what it takes, where that differs from what its host is known for. */
export const CompatSchema = v.object({
  max_tokens_field: byHost(
    choice(['max_tokens', 'max_completion_tokens'], 'What it calls the limit of an answer.'),
  ),
  max_tokens_limit: v.optional(
    count('The most tokens that it lets be asked for; larger wishes are lowered to it.', 1, 100_000_000, {
      defaultText: 'none',
    }),
  ),
  context_window: v.optional(
    count(
      'The model’s window in tokens: told where a prompt is too long and the provider names no numbers.',
      1_000,
      1_000_000_000,
      { defaultText: 'not known' },
    ),
  ),
  reasoning: byHost(
    choice(
      ['none', 'effort', 'reasoning_content', 'openrouter', 'think_tags'],
      'How it thinks: `none` is never asked to. `effort` takes `reasoning_effort`. `reasoning_content` wants its earlier thinking back under that name. `openrouter` takes `reasoning` and wants `reasoning_details` back. `think_tags` writes `<think>…</think>` at the beginning of its text.',
    ),
  ),
  tool_choice_required: byHost(
    choice(['required', 'any', 'auto'], 'Its word for “call some tool”; `auto`: it is never told to.'),
  ),
  parallel_tool_calls: byHost(flag('Whether it takes `parallel_tool_calls`.')),
  images: byHost(flag('`false`: a placeholder goes in the place of each image.')),
  stream_usage: byHost(flag('Whether it takes `stream_options: {include_usage: true}`.')),
  cache_control: byHost(flag('`true`: the client’s cache breakpoints go along.')),
  extra_body: v.optional(
    anything('Fields that are laid over the body of every request, whatever they are.'),
    {},
  ),
  drop_fields: v.optional(texts('Fields of the body that never go out.'), []),
});
