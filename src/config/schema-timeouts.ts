import * as v from 'valibot';
import { limitSeconds } from './fields.ts';

const CONNECT = 'Until the connection is there, TLS included.';
const READ_STREAMING = 'The longest gap between two bytes of a stream.';
const READ_WHOLE =
  'Until the whole answer of a request without streaming is there; nothing is sent before it is finished.';
const POOL = 'How long a request may wait for a free connection where `max_connections` is set.';
const FIRST_CONTENT = 'Until a stream begins (`message_start`); pings and comments do not feed it.';
const FIRST_CONTENT_WHOLE = 'Accepted for symmetry; only streams have a first content.';

/** Limits with their defaults, for `settings.timeouts`. */
export const TimeoutsSchema = v.object({
  streaming: v.optional(
    v.object({
      connect_timeout: v.optional(limitSeconds(CONNECT), 30),
      read_timeout: v.optional(limitSeconds(READ_STREAMING), 120),
      pool_timeout: v.optional(limitSeconds(POOL), 30),
      first_content_timeout: v.optional(limitSeconds(FIRST_CONTENT), 180),
    }),
    {},
  ),
  non_streaming: v.optional(
    v.object({
      connect_timeout: v.optional(limitSeconds(CONNECT), 30),
      read_timeout: v.optional(limitSeconds(READ_WHOLE), 600),
      pool_timeout: v.optional(limitSeconds(POOL), 30),
      first_content_timeout: v.optional(limitSeconds(FIRST_CONTENT_WHOLE), 180),
    }),
    {},
  ),
});

const inherited = (meaning: string) =>
  v.optional(v.pipe(limitSeconds(meaning), v.metadata({ unit: 's', defaultText: 'that of `settings`' })));

/** The same limits for one provider; what is absent is inherited from `settings.timeouts`. */
export const ProviderTimeoutsSchema = v.object({
  streaming: v.optional(
    v.object({
      connect_timeout: inherited(CONNECT),
      read_timeout: inherited(READ_STREAMING),
      pool_timeout: inherited(POOL),
      first_content_timeout: inherited(FIRST_CONTENT),
    }),
    {},
  ),
  non_streaming: v.optional(
    v.object({
      connect_timeout: inherited(CONNECT),
      read_timeout: inherited(READ_WHOLE),
      pool_timeout: inherited(POOL),
      first_content_timeout: inherited(FIRST_CONTENT_WHOLE),
    }),
    {},
  ),
});
