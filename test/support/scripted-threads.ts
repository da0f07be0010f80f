import type { CountingThread, StartThread, ThreadListener } from '../../src/tokens/counting-thread.ts';

/** A thread that does what the test says. */
export interface ScriptedThread {
  readonly listener: ThreadListener;
  /** What it was given, in order. */
  readonly bodies: Buffer[];
  readonly hasEnded: boolean;
}

/** Starts threads that count nothing by themselves, and keeps them in order. */
export function scriptedThreads(): {
  readonly start: StartThread;
  readonly threads: readonly ScriptedThread[];
} {
  const threads: ScriptedThread[] = [];
  const start: StartThread = (listener): CountingThread => {
    const thread = { listener, bodies: [] as Buffer[], hasEnded: false };
    threads.push(thread);
    return {
      count: (body) => thread.bodies.push(body),
      end: async () => {
        thread.hasEnded = true;
      },
    };
  };
  return { start, threads };
}
