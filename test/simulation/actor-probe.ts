import { Actor, type AnyActorRef } from 'xstate';
import type { ProviderRef } from '../../machines/provider.ts';
import type {
  AttemptCommitted,
  AttemptSettled,
  AttemptStarted,
  ProviderEvent,
} from '../../machines/provider-events.ts';

/** Hears what providers' actors are told by requests, at their own door and before they act on it. */
export interface ProviderEar {
  /** A provider's actor begins its life. */
  born(provider: string, ref: ProviderRef): void;
  started(provider: string, ref: ProviderRef, event: AttemptStarted): void;
  /** Told of trials alone. */
  committed(provider: string, event: AttemptCommitted): void;
  settled(provider: string, ref: ProviderRef, event: AttemptSettled): void;
  /** After any event of an attempt. */
  after(provider: string, ref: ProviderRef): void;
}

interface Door {
  send(this: AnyActorRef, event: ProviderEvent): void;
  start(this: AnyActorRef): AnyActorRef;
}

const PREFIX = 'provider:';

/** Listens until the function that it gives is called. Nothing of the product is changed for it. */
export function listenToProviders(ear: ProviderEar): () => void {
  const door = Actor.prototype as unknown as Door;
  const { send, start } = door;
  door.start = function startOverheard() {
    if (this.id.startsWith(PREFIX)) ear.born(this.id.slice(PREFIX.length), this as ProviderRef);
    return start.call(this);
  };
  door.send = function sendOverheard(event) {
    if (!event.type.startsWith('attempt.') || !this.id.startsWith(PREFIX)) {
      send.call(this, event);
      return;
    }
    const provider = this.id.slice(PREFIX.length);
    const ref = this as ProviderRef;
    if (event.type === 'attempt.started') ear.started(provider, ref, event);
    if (event.type === 'attempt.committed') ear.committed(provider, event);
    if (event.type === 'attempt.settled') ear.settled(provider, ref, event);
    send.call(this, event);
    ear.after(provider, ref);
  };
  return () => {
    door.send = send;
    door.start = start;
  };
}
