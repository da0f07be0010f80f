import type { SnapshotFrom } from 'xstate';
import type { balancerMachine } from '../../machines/balancer.ts';
import type { InspectionSink } from '../telemetry/inspection-sink.ts';
import { changedKeys, inspected, stateName } from './inspected.ts';

type BalancerSnapshot = SnapshotFrom<typeof balancerMachine>;

/** The balancer's own chart that tells the inspector of each step, and of each configuration that it takes. */
export function inspectedBalancer(
  chart: typeof balancerMachine,
  sink: InspectionSink,
  now: () => number,
): typeof balancerMachine {
  return inspected(chart, (next, previous, happened) => {
    const after = next as BalancerSnapshot;
    const to = stateName(after.value);
    if (previous === undefined) {
      sink.balancer({ at: now(), kind: 'started', actor: 'balancer', to });
      return;
    }
    const before = previous as BalancerSnapshot;
    const from = stateName(before.value);
    // It hears of each moment without a request; only the last one moves it.
    if (from === to && before.context === after.context) return;
    sink.balancer({
      at: now(),
      kind: after.status === 'active' ? 'transition' : 'stopped',
      actor: 'balancer',
      event: happened?.type ?? '',
      from,
      to,
      changed: changedKeys(before.context, after.context),
    });
  });
}
