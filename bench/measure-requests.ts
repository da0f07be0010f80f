import type { RequestsJob } from './load.ts';
import { type Row, versusRow } from './rows.ts';
import { type Stage, sideBySide } from './stage.ts';
import { inTurn } from './statistics.ts';
import type { Target } from './targets.ts';

const KB = 1024;
const CONCURRENCY = 8;

/** CPU time a request, by the size of its body: each in a session of its own. */
export async function measureRequests(stage: Stage): Promise<Row[]> {
  const subjects = sideBySide(stage).map((target) => ({ target }));
  const rows: Row[] = [];
  for (const [key, size, bytes] of [
    ['request-1kb', '1 KB', KB],
    ['request-100kb', '100 KB', 100 * KB],
    ['request-1mb', '1 MB', KB * KB],
  ] as const) {
    stage.say(`CPU time of requests of ${size} …`);
    const [pipe, balancer, nginx] = await cpuPerRequest(stage, subjects, bytes);
    rows.push(versusRow({ key, what: `CPU a request of ${size}`, unit: 'µs' }, pipe, balancer, nginx));
  }
  return rows;
}

/** A target, and whose requests it gets: `sessions` as in `RequestsJob`. */
interface Asked extends Pick<RequestsJob, 'sessions'> {
  readonly target: Target;
}

/** CPU time a request, µs, of each of these, a sample a round. */
export async function cpuPerRequest(
  { client, effort }: Stage,
  asked: readonly Asked[],
  bytes: number,
): Promise<number[][]> {
  const count = Math.ceil(effort.requests / Math.max(1, Math.log2(bytes / KB)));
  const run = ({ target: { url }, ...sessions }: Asked) =>
    client.requests({ url, bytes, count, concurrency: CONCURRENCY, ...sessions });
  // What has not run yet is not compiled yet.
  for (const each of asked) await run(each);
  return inTurn(asked, effort.rounds, async (each) => {
    const before = await each.target.cpu();
    await run(each);
    return ((await each.target.cpu()) - before) / count;
  });
}
