import { parseArgs } from 'node:util';
import { soak } from './soak.ts';

/** `npm run soak -- --minutes 30`. Exit code 1 where something was lost, or grew. */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '24' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes is a number above 0');
const ROUNDS = minutes < 5 ? 6 : 30;
const { fates, complaints } = await soak({
  seed: Number(values.seed),
  workers: Number(values.workers),
  rounds: ROUNDS,
  roundMs: (minutes * 60_000) / (ROUNDS + 2),
  say: (line) => process.stdout.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify(fates)}\n`);
for (const complaint of complaints.slice(0, 50)) process.stdout.write(`${complaint}\n`);
process.exitCode = complaints.length === 0 ? 0 : 1;
