import { type ProviderSnapshot, providerMachine } from '../../machines/provider.ts';
import type { ProviderEvent } from '../../machines/provider-events.ts';
import type { ProviderMoment } from '../domain/inspection.ts';
import type { InspectionSink } from '../telemetry/inspection-sink.ts';
import { changedKeys, inspected, stateName } from './inspected.ts';

/** The chart of a provider that tells the inspector of what changes visibly: its state, or what is known of its health. */
export function inspectedProvider(sink: InspectionSink, now: () => number): typeof providerMachine {
  return inspected(providerMachine, (next, previous, happened) => {
    const after = next as ProviderSnapshot;
    if (previous === undefined) {
      const provider = momentOf(after);
      const actor = `provider:${provider.id}`;
      sink.provider({ at: now(), kind: 'started', actor, to: provider.state, provider });
      return;
    }
    const before = previous as ProviderSnapshot;
    const event = happened as ProviderEvent;
    const isSame = before.value === after.value || stateName(before.value) === stateName(after.value);
    // Most events by far: an attempt began, or ended well, at a provider that is well.
    if (isSame && before.context.health.provider === after.context.health.provider && !isByHand(event))
      return;
    const provider = momentOf(after);
    const done = after.status !== 'active';
    sink.provider({
      at: 'at' in event ? event.at : now(),
      kind: done ? 'stopped' : 'transition',
      actor: `provider:${provider.id}`,
      event: event.type,
      from: stateName(before.value),
      to: provider.state,
      changed: changedKeys(before.context, after.context),
      provider,
      ...('requestId' in event ? { requestId: event.requestId } : requestOf(event)),
    });
  });
}

function isByHand(event: ProviderEvent): boolean {
  return event.type.startsWith('operator.');
}

/** An attempt's id begins with its request's. */
function requestOf(event: ProviderEvent): { readonly requestId?: string } {
  if (!('attemptId' in event)) return {};
  return { requestId: event.attemptId.slice(0, event.attemptId.lastIndexOf('#')) };
}

function momentOf({ value, context }: ProviderSnapshot): ProviderMoment {
  const { id, health, policy } = context;
  const { failures, cooling, lastError } = health.provider;
  return {
    id,
    state: stateName(value),
    failures,
    threshold: policy.unhealthyThreshold,
    ...(cooling === undefined ? {} : { coolingUntil: cooling.until }),
    ...(lastError === undefined
      ? {}
      : {
          lastError: { kind: lastError.failure.kind, detail: lastError.failure.detail, at: lastError.at },
        }),
  };
}
