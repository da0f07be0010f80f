import * as v from 'valibot';
import { TRACE_FORMAT, type TraceFile } from '../domain/inspection/inspection.ts';

const Candidate = v.looseObject({
  provider: v.string(),
  model: v.string(),
  route: v.string(),
  priority: v.number(),
  weight: v.number(),
});
const Attempt = v.looseObject({
  number: v.number(),
  candidate: Candidate,
  mode: v.picklist(['normal', 'trial', 'desperate']),
  round: v.number(),
  startedAt: v.number(),
  committedAt: v.optional(v.number()),
  endedAt: v.optional(v.number()),
  outcome: v.optional(v.looseObject({ kind: v.string() })),
});
const Decision = v.looseObject({
  at: v.number(),
  round: v.number(),
  verdict: v.picklist(['try', 'wait', 'give_up']),
  reason: v.string(),
  considered: v.array(
    v.looseObject({
      candidate: Candidate,
      availability: v.looseObject({
        kind: v.picklist(['ready', 'trial_due', 'trial_running', 'full', 'cooling', 'disabled']),
      }),
      tried: v.boolean(),
    }),
  ),
});
const Plan = v.looseObject({
  order: v.array(Candidate),
  reason: v.string(),
  deadlineAt: v.number(),
  hosts: v.record(v.string(), v.string()),
  policy: v.looseObject({ stream: v.boolean(), holdMs: v.number(), maxAttempts: v.number() }),
  health: v.looseObject({ failureCooldownMs: v.number(), unhealthyThreshold: v.number() }),
});
const TraceSchema = v.looseObject({
  format: v.literal(TRACE_FORMAT),
  formatVersion: v.literal(1),
  version: v.string(),
  summary: v.looseObject({
    id: v.string(),
    model: v.string(),
    endpoint: v.picklist(['messages', 'count_tokens']),
    stream: v.boolean(),
    receivedAt: v.number(),
    result: v.string(),
  }),
  plan: v.optional(Plan),
  decisions: v.array(Decision),
  attempts: v.array(Attempt),
});

export type TraceRead =
  | { readonly kind: 'trace'; readonly trace: TraceFile }
  | { readonly kind: 'refused'; readonly message: string };

/** Reads a trace file's text; what is wrong with it is said by place. */
export function readTrace(text: string, name: string): TraceRead {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: 'refused', message: `${name} is no JSON.` };
  }
  const result = v.safeParse(TraceSchema, json);
  if (!result.success) {
    const [issue] = result.issues;
    const place = v.getDotPath(issue) ?? 'its beginning';
    const message = `${name} is no trace of a request, as the inspector exports it (${place}: ${issue.message}).`;
    return { kind: 'refused', message };
  }
  // The schema asks for what the replay stands on; the rest is the inspector's own.
  return { kind: 'trace', trace: result.output as unknown as TraceFile };
}
