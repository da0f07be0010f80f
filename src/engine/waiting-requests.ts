/** The requests that wait for some provider to come back. */
export interface WaitingRequests {
  /** `look` is called whenever something has changed, until the function given back is called. */
  add(look: () => void): () => void;
  /** Something about the providers changed: all look again, soon. */
  wake(): void;
}

/** Wakes one after the other and never within a provider's own step: each sees what the last one took. */
export function createWaitingRequests(): WaitingRequests {
  const waiting = new Set<() => void>();
  let planned = false;
  return {
    add(look) {
      waiting.add(look);
      return () => waiting.delete(look);
    },
    wake() {
      if (planned || waiting.size === 0) return;
      planned = true;
      queueMicrotask(() => {
        planned = false;
        for (const look of [...waiting]) look();
      });
    },
  };
}
