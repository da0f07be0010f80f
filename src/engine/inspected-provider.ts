import type { ProviderSnapshot, providerMachine } from '../../machines/provider.ts';
import type { ProviderEvent } from '../../machines/provider-events.ts';
import type { HealthRecord } from '../domain/health/health.ts';
import type { ErrorMoment, ModelMoment, ProviderMoment } from '../domain/inspection/inspection.ts';
import type { InspectionSink } from '../telemetry/inspection-sink.ts';
import { changedKeys, inspected, stateName } from './inspected.ts';

/** The chart of a provider that tells the inspector of what changes visibly: its state, or what is known of its health. */
export function inspectedProvider(
  chart: typeof providerMachine,
  sink: InspectionSink,
  now: () => number,
): typeof providerMachine {
  return inspected(chart, (next, previous, happened) => {
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
    const [then, health] = [before.context.health, after.context.health];
    const isOwn = !isSame || then.provider !== health.provider || isByHand(event);
    // Most events by far: an attempt began, or ended well, at a provider that is well.
    if (!isOwn && (then.pairs === health.pairs || sameModels(modelsOf(before), modelsOf(after)))) return;
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
      ...(!isOwn && 'target' in event ? { model: event.target.model } : {}),
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
  const models = modelsOf({ context });
  return {
    id,
    state: stateName(value),
    threshold: policy.unhealthyThreshold,
    ...standing(health.provider),
    ...(models.length === 0 ? {} : { models }),
  };
}

/** More than a provider ever has in trouble; names of models are the clients' choice. */
const MAX_MODELS = 20;

/** Those of its models that have something to tell, the newest last. */
function modelsOf({ context }: Pick<ProviderSnapshot, 'context'>): readonly ModelMoment[] {
  const models: ModelMoment[] = [];
  for (const [model, record] of context.health.pairs) {
    if (record.failures > 0 || record.cooling !== undefined) models.push({ model, ...standing(record) });
  }
  return models.slice(-MAX_MODELS);
}

function sameModels(before: readonly ModelMoment[], after: readonly ModelMoment[]): boolean {
  if (before.length !== after.length) return false;
  const known = new Map(before.map((each) => [each.model, each]));
  return after.every(({ model, failures, coolingUntil, lastError }) => {
    const then = known.get(model);
    return (
      then?.failures === failures &&
      then.coolingUntil === coolingUntil &&
      then.lastError?.at === lastError?.at
    );
  });
}

function standing({ failures, cooling, lastError }: HealthRecord) {
  return {
    failures,
    ...(cooling === undefined ? {} : { coolingUntil: cooling.until }),
    ...(lastError === undefined ? {} : { lastError: errorMoment(lastError) }),
  };
}

function errorMoment({ failure, at }: NonNullable<HealthRecord['lastError']>): ErrorMoment {
  return { kind: failure.kind, detail: failure.detail, at };
}
