import { availabilityOf, type ProviderRef } from '../../machines/provider.ts';
import { forgetStays, remember } from '../domain/affinity.ts';
import { orderCandidates } from '../domain/selection.ts';
import { createSelectionMemory } from '../domain/selection-memory.ts';
import type { Clock, Random } from '../domain/time.ts';
import type { RequestFacts } from '../telemetry/events.ts';
import type { AdmittedRequest } from './admission.ts';

/** In which order a request's candidates are tried, and what later requests learn from who answered. */
export interface CandidateOrder {
  of(admitted: OrderedBy): ReturnType<typeof orderCandidates>;
  /** A provider's content reached the client: the session belongs there, and later requests of it go there first. */
  answered(request: ServedRequest, provider: string): void;
  /** Who answered a message last. */
  lastAnswered(): string | undefined;
  /** Forgets the affinities that are over; with `force` all. Gives how many sessions and routes have none left. */
  forget(stickyMs: number, force: boolean): number;
}

type OrderedBy = Pick<AdmittedRequest, 'facts' | 'runtime' | 'tiers' | 'isPinned'>;

/** What is remembered of a request when somebody answers it. */
export interface ServedRequest {
  readonly facts: RequestFacts;
  /** The route under which affinity is kept. */
  readonly route: string;
  /** The provider that stood first. */
  readonly preferred: string;
  /** A pinned request says nothing about where its session belongs. */
  readonly isPinned: boolean;
}

/** What an order of candidates is made with. */
export interface CandidateOrderOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly providerRef: (id: string) => ProviderRef | undefined;
}

/** Keeps the memory of strategies and affinity for one engine. */
export function createCandidateOrder({ clock, random, providerRef }: CandidateOrderOptions): CandidateOrder {
  const memory = createSelectionMemory();
  let last: string | undefined;
  return {
    of({ facts, runtime, tiers, isPinned }) {
      const { session, endpoint } = facts;
      const { selectionStrategy, randomTop, stickyProviderDurationMs } = runtime.configuration.settings;
      const now = clock.now();
      return orderCandidates({
        tiers,
        availability: ({ provider, model }) => {
          const ref = providerRef(provider);
          if (ref === undefined) return { kind: 'disabled' };
          return availabilityOf(ref.getSnapshot(), { model, endpoint }, now);
        },
        strategy: selectionStrategy,
        randomTop,
        memory,
        session,
        now,
        random,
        stickyMs: stickyProviderDurationMs,
        takesTurn: endpoint === 'messages' && !isPinned,
      });
    },
    answered({ facts, route, preferred, isPinned }, provider) {
      if (facts.endpoint !== 'messages') return;
      last = provider;
      if (isPinned) return;
      remember(memory.affinity, { session: facts.session, route, provider, preferred, at: clock.now() });
    },
    lastAnswered: () => last,
    forget: (stickyMs, force) => forgetStays(memory.affinity, clock.now(), stickyMs, force),
  };
}
