import type { BalancerEvent, BalancerEventType } from '../../../src/telemetry/events.ts';
import { withDeadline } from './deadline.ts';

type EventOf<T extends BalancerEventType> = Extract<BalancerEvent, { readonly type: T }>;

/** What the balancer told about itself, in order. */
export interface EventRecord {
  readonly observe: (event: BalancerEvent) => void;
  of<T extends BalancerEventType>(type: T): readonly EventOf<T>[];
  /** The `count`-th event of a type (from 1), now or later. Rejects when it does not come. */
  next<T extends BalancerEventType>(type: T, count?: number): Promise<EventOf<T>>;
}

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
    next: (type, count = 1) =>
      withDeadline(`event ${type} number ${count}`, (resolve) => {
        const watch = (): void => {
          const found = of(type)[count - 1];
          if (found === undefined) return;
          watchers.delete(watch);
          resolve(found);
        };
        watchers.add(watch);
        watch();
      }),
  };
}
