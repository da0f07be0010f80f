import type { RequestPorts } from '../../machines/request-events.ts';
import { standingOf } from '../../machines/standing.ts';
import { forgetStays, remember } from '../domain/routing/affinity.ts';
import { orderCandidates, type Selection } from '../domain/routing/selection.ts';
import { createSelectionMemory } from '../domain/routing/selection-memory.ts';
import type { Clock, Random } from '../domain/time.ts';
import type { RequestFacts } from '../telemetry/events.ts';
import type { AdmittedRequest } from './admission.ts';

/** In which order a request's candidates are tried, and what later requests learn from who answered. */
export interface CandidateOrder {
  of(admitted: OrderedBy): Selection;
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
  /** The provider its session belongs to, where it was passed over for want of room alone. */
  readonly passedOver: string | undefined;
  /** A pinned request says nothing about where its session belongs. */
  readonly isPinned: boolean;
}

/** The same of a request that is to be tried in this order. */
export function servedRequest(
  { facts, tiers, isPinned }: OrderedBy,
  { order, passedOver }: Selection,
): ServedRequest {
  const route = tiers[0]?.[0]?.route ?? '*';
  return { facts, route, preferred: order[0]?.provider ?? '', passedOver, isPinned };
}

/** What an order of candidates is made with. */
export interface CandidateOrderOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly providerRef: RequestPorts['provider'];
  readonly slots: RequestPorts['slots'];
}

/** Keeps the memory of strategies and affinity for one engine. */
export function createCandidateOrder(options: CandidateOrderOptions): CandidateOrder {
  const { clock, random, providerRef: provider, slots } = options;
  const memory = createSelectionMemory();
  let last: string | undefined;
  return {
    of({ facts, runtime, tiers, isPinned }) {
      const { session, endpoint } = facts;
      const { selectionStrategy, randomTop, stickyProviderDurationMs } = runtime.configuration.settings;
      const now = clock.now();
      return orderCandidates({
        tiers,
        availability: (candidate) => standingOf(candidate, facts, now, { provider, slots }),
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
    answered({ facts, route, preferred, passedOver, isPinned }, provider) {
      if (facts.endpoint !== 'messages') return;
      last = provider;
      if (isPinned) return;
      // Served elsewhere for once: its prompt cache is where it was, and so it goes back there.
      if (passedOver !== undefined && passedOver !== provider) return;
      remember(memory.affinity, { session: facts.session, route, provider, preferred, at: clock.now() });
    },
    lastAnswered: () => last,
    forget: (stickyMs, force) => forgetStays(memory.affinity, clock.now(), stickyMs, force),
  };
}
