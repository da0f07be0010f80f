/**
 * Inspection events of XState in the form of `@statelyai/inspect`, so that Stately's inspector can be attached to a running
 * balancer. The form is that package's own, read from its source (0.7); we speak it and do not depend on it.
 */

/** What XState tells of its actors, as far as it is read here. */
export interface XStateEvent {
  readonly type: string;
  readonly rootId?: string;
  readonly actorRef: {
    readonly id?: string;
    readonly sessionId: string;
    readonly logic?: { readonly config?: { readonly id?: string } };
    readonly _parent?: { readonly sessionId: string };
    getSnapshot?(): unknown;
  };
  readonly sourceRef?: { readonly sessionId: string } | undefined;
  readonly event?: unknown;
  readonly snapshot?: unknown;
}

const VERSION = '0.7.2';
const MAX_DEPTH = 10;

/** An event as a message of that protocol; undefined: it has no such. @param at wall clock, ms */
export function statelyMessage(told: XStateEvent, at: number): string | undefined {
  const { type, rootId, actorRef, sourceRef, event, snapshot } = told;
  const base = { _version: VERSION, createdAt: String(at), id: null, rootId, sessionId: actorRef.sessionId };
  switch (type) {
    case '@xstate.actor': {
      const config = actorRef.logic?.config;
      const own = actorRef.id === actorRef.sessionId ? config?.id : actorRef.id;
      const name = own ?? actorRef.sessionId;
      return plainJson({
        type,
        ...base,
        name,
        definition: plainJson(config ?? { id: name }),
        parentId: actorRef._parent?.sessionId,
        snapshot: shown(snapshotOf(actorRef)),
      });
    }
    case '@xstate.event':
      return plainJson({ type, ...base, event, sourceId: sourceRef?.sessionId });
    case '@xstate.snapshot':
      return plainJson({ type, ...base, event, snapshot: shown(snapshot) });
    default:
      return undefined;
  }
}

/** An actor tells of itself before it has a snapshot, and refuses to show it. */
function snapshotOf(actor: XStateEvent['actorRef']): unknown {
  try {
    return actor.getSnapshot?.();
  } catch {
    return undefined;
  }
}

/** The parts of a snapshot that say something: its machine and children are told as actors of their own. */
function shown(snapshot: unknown): unknown {
  if (typeof snapshot !== 'object' || snapshot === null) return { status: 'active' };
  const { status, value, context, output, error } = snapshot as Readonly<Record<string, unknown>>;
  return { status, value, context: withoutPorts(context), output, error };
}

/** Ways to ask and to act are nothing to look at. */
function withoutPorts(context: unknown): unknown {
  if (typeof context !== 'object' || context === null || !('ports' in context)) return context;
  const { ports: _, ...rest } = context;
  return rest;
}

/** JSON of anything: functions by their names, maps as objects, nothing deeper than ten, no circle. */
function plainJson(value: unknown): string {
  return JSON.stringify(plain(value, 0, new Set()));
}

function plain(value: unknown, depth: number, above: ReadonlySet<object>): unknown {
  if (typeof value === 'function') return { type: value.name };
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (above.has(value)) return '[circle]';
  if (depth >= MAX_DEPTH) return '[…]';
  const within = new Set([...above, value]);
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof Map) return plain(Object.fromEntries(value), depth, above);
  if (value instanceof Set) return plain([...value], depth, above);
  if (Array.isArray(value)) return value.map((each) => plain(each, depth + 1, within));
  if ('sessionId' in value && 'send' in value) return { actor: value.sessionId };
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, plain(each, depth + 1, within)]),
  );
}
