/** Loaded before a proxy's own code: tells CPU time and memory of its process when asked, and keeps nothing alive. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { answerCalls } from './calls.ts';

/** What the collector frees goes back to the machine a little later, on other threads, ms. */
const RETURN_MS = 250;

answerCalls({
  /** µs, user and system, all threads. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /** Resident memory, bytes, with all that waits to be collected. */
  memory: () => process.memoryUsage.rss(),
  /** Resident memory, bytes, once all is collected that can be. */
  keptMemory: async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    for (let time = 0; time < 3; time += 1) {
      collect();
      await sleep(RETURN_MS);
    }
    return process.memoryUsage.rss();
  },
});
// Nobody outlives the run, however that ends.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
