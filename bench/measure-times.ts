import { freePort } from './free-port.ts';
import { mediansRow, ownRow, type Row } from './rows.ts';
import { type Stage, sideBySide } from './stage.ts';
import { added, inTurn } from './statistics.ts';

const BODY_BYTES = 100 * 1024;

/** What is added to the time to the first byte, without and with a failover before it. */
export async function measureTimes(stage: Stage): Promise<Row[]> {
  stage.say('times to the first byte …');
  const { upstream, client, effort } = stage;
  const direct = { base_url: upstream };
  const overloaded = await stage.another('overloaded', [{ base_url: `${upstream}/overloaded` }, direct]);
  const silent = `http://127.0.0.1:${await freePort()}`;
  const unreachable = await stage.another('unreachable', [{ base_url: silent }, direct]);
  const time = async ({ url }: { readonly url: string }): Promise<number> => {
    const job = { url, bytes: BODY_BYTES, count: effort.timed, concurrency: 1 };
    return (await client.requests(job)).firstByteP50Ms;
  };
  // Those that are compared stand side by side.
  const [first, second, ...beside] = sideBySide(stage);
  const subjects = [{ url: upstream }, first, second, overloaded, unreachable, ...beside];
  for (const each of [overloaded, unreachable]) await stage.warm(each);
  const refusedBefore = await stage.refused();
  for (const each of subjects) await time(each);
  const samples = await inTurn(subjects, effort.rounds, time);
  const [without = [], pipe = [], balancer = [], refused = [], unreached = [], nginx] = samples;
  const failed = (await stage.refused()) - refusedBefore;
  const asked = effort.timed * (effort.rounds + 1);
  if (failed < asked)
    throw new Error(`only ${failed} of ${asked} requests met a 529 before they were answered`);
  await overloaded.end();
  await unreachable.end();
  const more = (own: readonly number[]): number[] =>
    own.map((ms, round) => ms - (without[round] ?? Number.NaN));
  return [
    mediansRow(
      { key: 'first-byte', what: 'added to the first byte (100 KB)', unit: 'ms' },
      more(pipe),
      more(balancer),
      nginx === undefined ? undefined : more(nginx),
    ),
    ownRow(
      { key: 'failover-529', what: 'added by a failover from a 529', unit: 'ms' },
      added(balancer, refused),
    ),
    ownRow(
      { key: 'failover-refused', what: 'added by a failover from a refused connection', unit: 'ms' },
      added(balancer, unreached),
    ),
  ];
}
