import type { BalancerEvent, BalancerEventType } from '../../../src/telemetry/events.ts';

type EventOf<T extends BalancerEventType> = Extract<BalancerEvent, { readonly type: T }>;

/** What the balancer told about itself, in order. */
export interface EventRecord {
  readonly observe: (event: BalancerEvent) => void;
  of<T extends BalancerEventType>(type: T): readonly EventOf<T>[];
  /** The `count`-th event of a type, now or later. Rejects after `deadlineMs` (default 20 s). */
  next<T extends BalancerEventType>(type: T, count?: number, deadlineMs?: number): Promise<EventOf<T>>;
}

const DEADLINE_MS = 20_000;

export function recordEvents(): EventRecord {
  const events: BalancerEvent[] = [];
  const watchers = new Set<() => void>();
  const of = <T extends BalancerEventType>(type: T): readonly EventOf<T>[] =>
    events.filter((event): event is EventOf<T> => event.type === type);
  return {
    observe: (event) => {
      events.push(event);
      for (const watch of [...watchers]) watch();
    },
    of,
    next: (type, count = 1, deadlineMs = DEADLINE_MS) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const found = of(type)[count - 1];
          if (found === undefined) return;
          clearTimeout(deadline);
          watchers.delete(watch);
          resolve(found);
        };
        const deadline = setTimeout(() => {
          watchers.delete(watch);
          reject(new Error(`no ${type} number ${count} within ${deadlineMs} ms`));
        }, deadlineMs);
        watchers.add(watch);
        watch();
      }),
  };
}
