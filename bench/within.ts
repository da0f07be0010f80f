import { setTimeout as sleep } from 'node:timers/promises';

/** So long a process may take to listen, ms. */
const START_MS = 20_000;

/** What is awaited of a process that starts; rejects, naming it, if it does not come within twenty seconds. */
export async function within<Value>(awaited: Promise<Value>, name: string): Promise<Value> {
  const patience = new AbortController();
  const late = sleep(START_MS, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`${name} did not start within ${START_MS / 1000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([awaited, late]);
  } finally {
    patience.abort();
  }
}
