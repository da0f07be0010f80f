import { parseArgs } from 'node:util';
import { playRuns } from './runs.ts';

/** `npm run simulate -- --seed 1 --requests 100000`. Exit code 1 where something broke. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    requests: { type: 'string', default: '100000' },
  },
});
const seed = Number(values.seed);
const requests = Number(values.requests);
if (!Number.isInteger(seed) || !Number.isInteger(requests) || requests < 1)
  throw new Error('--seed and --requests are whole numbers');
const report = await playRuns({ seed, requests });
const { failure, ...figures } = report;
const cpuMs = Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1000);
process.stdout.write(`${JSON.stringify({ seed, ...figures, cpuMs })}\n`);
if (failure !== undefined) {
  process.stdout.write(`${failure}\n`);
  process.exitCode = 1;
}
