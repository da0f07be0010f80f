import type { SnapshotFrom } from 'xstate';
import type { requestMachine } from '../../machines/request.ts';
import { REQUEST_KEYS } from '../domain/inspection/inspection.ts';
import type { InspectionSink } from '../telemetry/inspection-sink.ts';
import { inspected, stateName } from './inspected.ts';

type RequestSnapshot = SnapshotFrom<typeof requestMachine>;

/** A request's chart that tells the inspector of each step. */
export function inspectedRequest(chart: typeof requestMachine, sink: InspectionSink): typeof requestMachine {
  // Snapshots of one place mostly share its value.
  const names = new WeakMap<object, string>();
  const nameOf = (value: RequestSnapshot['value']): string => {
    if (typeof value === 'string') return value;
    const name = names.get(value) ?? stateName(value);
    names.set(value, name);
    return name;
  };
  return inspected(chart, (next, previous, event) => {
    const after = next as RequestSnapshot;
    const { context } = after;
    const to = nameOf(after.value);
    if (previous === undefined) {
      sink.request(context, 'started', '', '', to, 0);
      return;
    }
    if (previous === next) return;
    const changed = changedBits(previous.context as RequestSnapshot['context'], context);
    const from = nameOf((previous as RequestSnapshot).value);
    if (from === to && changed === 0) return;
    const kind = after.status === 'active' ? 'transition' : 'stopped';
    sink.request(context, kind, from, event?.type ?? '', to, changed);
  });
}

function changedBits(before: RequestSnapshot['context'], after: RequestSnapshot['context']): number {
  let bits = 0;
  for (let at = 0; at < REQUEST_KEYS.length; at += 1) {
    const key = REQUEST_KEYS[at];
    if (key !== undefined && before[key] !== after[key]) bits |= 1 << at;
  }
  return bits;
}
