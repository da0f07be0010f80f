import type { RequestEnded } from '../../src/telemetry/events.ts';

interface Session {
  open: number;
  /** Who holds its prompt cache, as far as that is beyond doubt. */
  home: { readonly provider: string; readonly usedAt: number } | undefined;
  /** Since when it may have been at each provider. */
  readonly since: Map<string, number>;
}

/** Where sessions belong. Those with several requests at one time are left out until one was served alone. */
export class SessionHomes {
  readonly #sessions = new Map<string, Session>();

  began(session: string | undefined): void {
    if (session === undefined) return;
    const known = this.#sessions.get(session) ?? { open: 0, home: undefined, since: new Map() };
    this.#sessions.set(session, known);
    if (known.open > 0) known.home = undefined;
    known.open += 1;
  }

  tried(session: string | undefined, provider: string, at: number): void {
    const since = this.#of(session)?.since;
    if (since?.has(provider) === false) since.set(provider, at);
  }

  served(session: string | undefined, provider: string, at: number): void {
    const known = this.#of(session);
    if (known?.open !== 1) return;
    const since = known.since.get(provider) ?? at;
    known.since.clear();
    known.since.set(provider, since);
    known.home = { provider, usedAt: at };
  }

  ended(session: string | undefined, result: RequestEnded['result']): void {
    const known = this.#of(session);
    if (known === undefined) return;
    known.open -= 1;
    // Content came from somebody, and the session may be there now.
    if (result === 'broken' || result === 'cancelled') known.home = undefined;
  }

  forgetAll(): void {
    for (const known of this.#sessions.values()) known.home = undefined;
  }

  /** The provider that its next request must go to if it can; undefined: it is free, or in doubt. */
  of(session: string | undefined, now: number, stickyMs: number): string | undefined {
    const known = this.#of(session);
    if (known?.home === undefined) return undefined;
    const { provider, usedAt } = known.home;
    const since = known.since.get(provider) ?? 0;
    return now - usedAt < stickyMs && now - since < stickyMs ? provider : undefined;
  }

  #of(session: string | undefined): Session | undefined {
    return session === undefined ? undefined : this.#sessions.get(session);
  }
}
