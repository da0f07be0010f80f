import * as v from 'valibot';
import { choice, count, flag, label, later, text, textMap, texts } from './fields.ts';
import { CompatSchema } from './schema-compat.ts';
import { ProviderTimeoutsSchema } from './schema-timeouts.ts';

/** One entry of `providers`. */
export const ProviderSchema = v.object({
  name: label('What routes, logs and `/providers` call it. With `account_email` it is the identity.'),
  type: v.optional(
    choice(
      ['anthropic', 'openai', 'zed'],
      'The protocol it speaks: `anthropic` the Messages API, `openai` Chat Completions. `zed` is accepted, but not served yet.',
    ),
    'anthropic',
  ),
  base_url: label(
    'Its address, with a path if it has one: of type `anthropic` without `/v1`, of type `openai` up to `/chat/completions`.',
    { secret: true },
  ),
  auth_type: v.optional(
    choice(
      ['api_key', 'auth_token', 'oauth'],
      'How its credential is sent: `api_key` as `x-api-key`, `auth_token` as `Authorization: Bearer`. Of type `openai` both are Bearer; at Azure `api_key` is `api-key`. `oauth` is accepted, but not served yet.',
    ),
    'api_key',
  ),
  auth_value: v.optional(
    text(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: users write it so.
      'The credential itself, `${ENV_VAR}`, `passthrough` (the client’s own credentials), or `oauth` (not served yet).',
      { secret: true, defaultText: 'none: the provider is not used' },
    ),
  ),
  account_email: v.optional(
    label('Which account it is. Several providers may share a name if this differs.', {
      defaultText: 'none',
    }),
  ),
  enabled: v.optional(flag('`false`: listed, never used.'), true),
  proxy: v.optional(
    text(
      'The proxy towards it: `http://`, `https://` or `socks5://`, with `user:password@` if it needs one.',
      {
        secret: true,
        defaultText: 'none',
      },
    ),
  ),
  weight: v.optional(count('Its share under `weighted_round_robin`.', 1, 10_000), 1),
  model_mappings: v.optional(
    textMap('The client’s model name → the name that goes to this provider, exact names.'),
    {},
  ),
  available_models: v.optional(texts('The client’s model names that it serves; empty: all of them.'), []),
  headers: v.optional(
    textMap(
      'Headers set on every request to it. What stands under `anthropic-beta` is added to the client’s.',
      { secret: true },
    ),
    {},
  ),
  timeouts: v.optional(ProviderTimeoutsSchema, {}),
  max_connections: v.optional(
    v.pipe(
      count('The most connections to it at one time; further requests wait for `pool_timeout`.', 1, 10_000),
      v.metadata({ defaultText: 'no limit' }),
    ),
  ),
  max_concurrent: v.optional(
    v.pipe(
      count(
        'The most messages under way at it; over it the provider is passed over, and a request waits where all are full.',
        1,
        10_000,
      ),
      v.metadata({ defaultText: 'no limit' }),
    ),
  ),
  must_stream: v.optional(
    flag('`true`: it gets streaming requests only; a client that wants one message gets it from the stream.'),
    false,
  ),
  streaming_mode: v.optional(
    v.pipe(
      choice(
        ['auto', 'direct', 'background'],
        '`auto` holds a stream back until its first content, so that failures before it fail over. `direct` forwards every byte at once. `background` collects the whole answer first, so that any break fails over.',
      ),
      v.metadata({ tolerant: true }),
    ),
    'auto',
  ),
  ca_file: v.optional(
    label('A PEM file of certificate authorities to trust besides the usual ones.', {
      path: true,
      defaultText: 'none',
    }),
  ),
  compat: v.optional(
    v.pipe(
      CompatSchema,
      v.description('Of type `openai`: what it takes, where that differs from what its host is known for.'),
    ),
    {},
  ),
  billing_model: v.optional(later('how a Zed account is billed.')),
  session_config: v.optional(later('sessions of a Zed account.')),
  zed_config: v.optional(later('threads of a Zed account.')),
});

/** One target of a route. */
export const RouteTargetSchema = v.object({
  provider: label('The name of a provider; with several accounts of that name, all of them.'),
  model: v.optional(
    label('The model name that goes upstream; `passthrough` keeps the client’s.'),
    'passthrough',
  ),
  priority: v.optional(
    v.pipe(
      v.number(),
      v.minValue(-1_000_000),
      v.maxValue(1_000_000),
      v.description('Lower comes first; equal ones in the file’s order.'),
      v.metadata({ defaultText: 'its position in the list' }),
    ),
  ),
  enabled: v.optional(flag('`false`: this target is skipped.'), true),
  account_email: v.optional(
    label('Which account of the provider.', { defaultText: 'every account of that name' }),
  ),
});
