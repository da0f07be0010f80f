import { useEffect, useState } from 'preact/hooks';
import type { InspectorEvent, ProviderMoment, RequestSummary } from '../../domain/inspection/inspection.ts';
import { getRequests, getSnapshot, SignedOut, type Snapshot } from './api.ts';
import type { Past } from './moments.ts';
import { NO_TALLY, tallyAfter, tallyBefore } from './tally.ts';

/** Everything the page knows. */
export interface State extends Past {
  readonly snapshot: Snapshot | undefined;
  /** Server's clock less ours, ms. */
  readonly skew: number;
  readonly connection: 'connecting' | 'live' | 'lost' | 'signed_out';
  /** Newest first. */
  readonly requests: readonly RequestSummary[];
  /** Looking back: the number of the event that is looked at; undefined: live. */
  readonly cursor: number | undefined;
}

/** As many as the page holds; the balancer may keep more or less. */
const MAX_EVENTS = 10_000;
const MAX_REQUESTS = 10_000;
/** Counts and percentiles are asked for anew so often, and soon after a provider has changed. ms */
const REFRESH_MS = 2_000;
const SOON_MS = 150;

export interface Store {
  state(): State;
  subscribe(listener: () => void): () => void;
  look(cursor: number | undefined): void;
  refresh(): void;
  start(): void;
}

export function createStore(): Store {
  let state: State = {
    snapshot: undefined,
    skew: 0,
    connection: 'connecting',
    events: [],
    base: [],
    tally: NO_TALLY,
    requests: [],
    cursor: undefined,
  };
  const listeners = new Set<() => void>();
  const rows = new Map<string, RequestSummary>();
  let source: EventSource | undefined;
  let soon: ReturnType<typeof setTimeout> | undefined;

  const set = (change: Partial<State>): void => {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  };
  const fail = (error: unknown): void => {
    if (!(error instanceof SignedOut)) {
      set({ connection: 'lost' });
      return;
    }
    source?.close();
    set({ connection: 'signed_out' });
  };
  const take = (events: readonly InspectorEvent[]): void => {
    const last = state.events.at(-1)?.seq ?? 0;
    const news = events.filter(({ seq }) => seq > last);
    if (news.length === 0) return;
    let rowsChanged = false;
    for (const { request } of news) {
      if (request === undefined) continue;
      rows.delete(request.id);
      rows.set(request.id, request);
      rowsChanged = true;
    }
    const joined = [...state.events, ...news];
    const dropped = joined.slice(0, Math.max(0, joined.length - MAX_EVENTS));
    const first = joined[dropped.length]?.seq ?? 0;
    set({
      events: dropped.length === 0 ? joined : joined.slice(dropped.length),
      base: dropped.length === 0 ? state.base : later(state.base, dropped),
      tally: dropped.length === 0 ? state.tally : tallyAfter(state.tally, dropped),
      ...(rowsChanged ? { requests: sortedRows(rows) } : {}),
      ...(state.cursor !== undefined && state.cursor < first ? { cursor: first } : {}),
    });
    if (news.some(({ kind, provider }) => kind === 'request' || provider !== undefined)) refreshSoon();
  };
  const refresh = async (): Promise<void> => {
    try {
      const snapshot = await getSnapshot(0);
      set({ snapshot, skew: snapshot.now - Date.now() });
    } catch (error) {
      fail(error);
    }
  };
  const refreshSoon = (): void => {
    if (soon !== undefined) return;
    soon = setTimeout(() => {
      soon = undefined;
      void refresh();
    }, SOON_MS);
  };
  const load = async (): Promise<void> => {
    try {
      const snapshot = await getSnapshot(MAX_EVENTS);
      rows.clear();
      set({
        snapshot,
        skew: snapshot.now - Date.now(),
        base: snapshot.base,
        tally: tallyBefore(snapshot.events, snapshot),
        events: [],
        requests: [],
        // Numbers of another run, or of what is no longer kept, mean nothing.
        cursor: undefined,
      });
      take(snapshot.events);
      follow(`${snapshot.run}-${snapshot.seq}`);
      await loadRows();
    } catch (error) {
      fail(error);
      if (!(error instanceof SignedOut)) setTimeout(() => void load(), REFRESH_MS);
    }
  };
  const loadRows = async (): Promise<void> => {
    let before: number | undefined;
    do {
      const page = await getRequests(before);
      for (const row of page.requests) if (!rows.has(row.id)) rows.set(row.id, row);
      set({ requests: sortedRows(rows) });
      before = page.next;
    } while (before !== undefined && rows.size < MAX_REQUESTS);
  };
  const follow = (lastEventId: string): void => {
    source?.close();
    source = new EventSource(`/inspector/events?last_event_id=${encodeURIComponent(lastEventId)}`);
    source.addEventListener('hello', () => set({ connection: 'live' }));
    source.addEventListener('events', (event) => take(JSON.parse(event.data) as InspectorEvent[]));
    // What is left is no longer all: begin anew with what there is.
    for (const name of ['restarted', 'gap']) source.addEventListener(name, () => void load());
    source.onerror = () => {
      set({ connection: 'lost' });
      void refresh();
    };
  };
  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    look: (cursor) => set({ cursor }),
    refresh: refreshSoon,
    start() {
      void load();
      setInterval(() => {
        if (!document.hidden && state.connection !== 'signed_out') void refresh();
      }, REFRESH_MS);
    },
  };
}

/** Newest first. */
function sortedRows(rows: ReadonlyMap<string, RequestSummary>): readonly RequestSummary[] {
  return [...rows.values()].sort((a, b) => b.number - a.number).slice(0, MAX_REQUESTS);
}

function later(
  base: readonly ProviderMoment[],
  dropped: readonly InspectorEvent[],
): readonly ProviderMoment[] {
  const moments = new Map(base.map((moment) => [moment.id, moment]));
  for (const { provider } of dropped) if (provider !== undefined) moments.set(provider.id, provider);
  return [...moments.values()];
}

/** The state, and again whenever it changes; at most once a frame. */
export function useStore(store: Store): State {
  const [state, setState] = useState(store.state());
  useEffect(() => {
    let frame = 0;
    const leave = store.subscribe(() => {
      if (frame !== 0) return;
      frame = requestAnimationFrame(() => {
        frame = 0;
        setState(store.state());
      });
    });
    setState(store.state());
    return () => {
      leave();
      cancelAnimationFrame(frame);
    };
  }, [store]);
  return state;
}
