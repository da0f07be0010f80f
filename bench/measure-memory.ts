import type { Row } from './rows.ts';
import type { Stage } from './stage.ts';

const MIB = 1024 * 1024;

/** Resident memory before any request, and after all that was asked of the same processes. To be measured last. */
export async function measureMemory({ idle, pipe, balancer }: Stage): Promise<Row[]> {
  const row = (key: string, what: string, base: number, own: number): Row => ({
    key,
    what,
    unit: 'MiB',
    base: base / MIB,
    own: own / MIB,
    ratio: own / base,
  });
  return [
    row('memory-idle', 'resident memory, idle', idle.pipe, idle.balancer),
    row('memory-after', '… after all parts of this run', await pipe.memory(), await balancer.memory()),
  ];
}
