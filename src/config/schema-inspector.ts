import * as v from 'valibot';
import { bytes, count, flag } from './fields.ts';

const MEBIBYTE = 1024 * 1024;

/** The page that shows what the balancer does, and what is kept for it. */
export const InspectorSchema = v.object({
  enabled: v.optional(flag('The inspector at `/inspector`. A change needs a restart.'), true),
  events: v.optional(
    count(
      'How many events are kept, for its history and for going back in time. A change needs a restart.',
      100,
      1_000_000,
    ),
    10_000,
  ),
  requests: v.optional(
    count(
      'How many requests are kept with all that was tried for them. A change needs a restart.',
      10,
      1_000_000,
    ),
    2_000,
  ),
  max_bytes: v.optional(
    bytes('How large events, and requests, may each be together. A change needs a restart.'),
    32 * MEBIBYTE,
  ),
  capture_bodies: v.optional(
    flag(
      'Keep what clients send and get, 256 KB a request each, for the inspector to show. Off: no content is kept.',
    ),
    false,
  ),
});
