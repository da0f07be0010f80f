import * as v from 'valibot';

/** What the inspector's routes answer, in outline: `docs/inspector.md` tells the fields. */

const Count = v.pipe(v.number(), v.integer());
const Rest = v.unknown();

const EventSchema = v.objectWithRest(
  {
    seq: v.pipe(Count, v.description('Rises by one with each event of a running balancer.')),
    at: v.pipe(v.number(), v.description('Wall clock, ms.')),
    kind: v.picklist(['started', 'transition', 'stopped', 'request']),
    actor: v.pipe(v.string(), v.description('`balancer`, `provider:<id>` or `request:<id>`.')),
  },
  Rest,
);

const SummarySchema = v.objectWithRest(
  {
    id: v.string(),
    number: Count,
    model: v.string(),
    receivedAt: v.number(),
    result: v.string(),
    status: Count,
    attempts: Count,
    tried: v.array(v.string()),
  },
  Rest,
);

export const PageSchema = v.object({
  requests: v.array(SummarySchema),
  total: v.pipe(Count, v.description('How many fit in all.')),
  next: v.optional(v.pipe(Count, v.description('`before` of the next page.'))),
});

export const SnapshotSchema = v.objectWithRest(
  {
    run: v.pipe(v.string(), v.description('Differs with each start of the balancer.')),
    seq: v.pipe(Count, v.description('Number of the newest event.')),
    now: v.number(),
    version: v.string(),
    events: v.array(EventSchema),
  },
  Rest,
);

export const DetailSchema = v.objectWithRest(
  {
    summary: SummarySchema,
    decisions: v.array(Rest),
    attempts: v.array(Rest),
    events: v.array(EventSchema),
  },
  Rest,
);
