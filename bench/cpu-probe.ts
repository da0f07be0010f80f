/** Loaded before a proxy's own code: tells the CPU time of its process when asked, and keeps nothing alive. */
import { answerCalls } from './calls.ts';

answerCalls({
  /** µs, user and system, all threads. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
// Nobody outlives the run, however that ends.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
