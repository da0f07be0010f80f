import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in use after a collection: the heap and what buffers hold outside of it. */
export function usedBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The most bytes in buffers while something goes on, beyond those that were there before. */
export async function peakBytes(act: () => Promise<void>): Promise<number> {
  const before = usedBytes();
  let most = 0;
  const timer = setInterval(() => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    most = Math.max(most, heapUsed + arrayBuffers - before);
  }, 5);
  try {
    await act();
  } finally {
    clearInterval(timer);
  }
  return most;
}
