/**
 * `npm run bench`: what the balancer costs, as ratios to a bare byte pipe measured in the same run.
 * docs/performance.md says what the figures mean.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { conversionTimes } from './conversion.ts';
import { type LoadClient, loadClient } from './load.ts';
import {
  addedMs,
  cpuPerChunk,
  cpuPerRequest,
  type Effort,
  EVERY_MS,
  eventsOf,
  FULL,
  QUICK,
} from './measure.ts';
import { type Processes, startProcesses, type Target } from './processes.ts';
import { type Findings, machine, missed, table } from './report.ts';
import { startBalancer, startProgram, type Upstream } from './targets.ts';

const HELP = `npm run bench -- [options]

What the balancer costs, as ratios to a bare byte pipe of the same run. Full: eight minutes.

  --quick          a minute, less exact: much code is not compiled yet, ratios come out higher
  --assert         exit code 1 if a limit is exceeded
  --json FILE      write the findings there too
  --profile DIR    write a CPU profile of the balancer there
  --help           this text

Exit code: 0; 1 with --assert if a limit is exceeded; 2 if nothing could be measured.
`;

const values = readOptions();

/** The options; whoever mistypes one is told how to ask. */
function readOptions() {
  try {
    return parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        assert: { type: 'boolean', default: false },
        json: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
}

const KB = 1024;
const FIRST_BYTE_BODY = 100 * KB;

async function measured(processes: Processes, folder: string, effort: Effort): Promise<Findings> {
  const upstream = await startProgram(processes, 'the fake upstream', 'fake-upstream.js');
  const { url } = upstream;
  const client = loadClient((await startProgram(processes, 'the client', 'load-client.js')).child);
  const pipe = await startProgram(processes, 'the bare pipe', 'bare-pipe.js', [url]);
  const start = (
    name: string,
    upstreams: readonly Upstream[],
    own = {},
    profiles?: string,
  ): Promise<Target> => startBalancer(processes, folder, name, upstreams, profiles, own);
  const direct = { base_url: url };
  const balancer = await start('balancer', [direct], {}, values.profile);
  const failing = await start('failover', [{ base_url: `${url}/overloaded` }, direct]);
  const unshared = await start('unshared', [direct], { deduplication: { enabled: false } });
  const chat = `${url}/v1/chat/completions`;
  const converting = await start('converting', [{ base_url: chat, type: 'openai' }]);
  const translated = `${chat}?events=${eventsOf(effort)}&every=${EVERY_MS}`;
  const translating = await start('translating', [{ base_url: translated, type: 'openai' }]);
  const perRequest = (bytes: number) => {
    say(`CPU time of requests of ${bytes / KB} KB …`);
    return cpuPerRequest(client, pipe, balancer, bytes, effort);
  };
  const request1KB = await perRequest(KB);
  const request100KB = await perRequest(100 * KB);
  const request1MB = await perRequest(1024 * KB);
  say('CPU time of streams …');
  const chunk = await cpuPerChunk(client, pipe, balancer, effort);
  say('CPU time of streams that are, or could be, shared …');
  const shareable = await cpuPerChunk(client, unshared, balancer, effort);
  const shared = await cpuPerChunk(client, unshared, balancer, effort, true);
  say('CPU time of conversions …');
  const converted100KB = await cpuPerRequest(client, balancer, converting, 100 * KB, effort);
  const translatedChunk = await cpuPerChunk(client, balancer, translating, effort);
  return {
    request1KB,
    request100KB,
    request1MB,
    chunk,
    shareable,
    shared,
    converted100KB,
    translatedChunk,
    conversions: conversionTimes(),
    ...(await times(client, url, { pipe, balancer, failing }, effort)),
  };
}

async function times(
  client: LoadClient,
  upstream: string,
  targets: Readonly<Record<'pipe' | 'balancer' | 'failing', Target>>,
  effort: Effort,
): Promise<Pick<Findings, 'firstByte' | 'failoverMs'>> {
  say('times to the first byte …');
  const { pipe, balancer, failing } = targets;
  const added = await addedMs(client, upstream, [pipe, balancer, failing], FIRST_BYTE_BODY, effort);
  const [pipeMs = Number.NaN, balancerMs = Number.NaN, failingMs = Number.NaN] = added;
  return {
    firstByte: { bytes: FIRST_BYTE_BODY, pipeMs, balancerMs },
    failoverMs: failingMs - balancerMs,
  };
}

/** Progress goes beside the findings. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function run(): Promise<number> {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const folder = await mkdtemp(join(tmpdir(), 'balancer-bench-'));
  const processes = startProcesses();
  try {
    const findings = await measured(processes, folder, values.quick ? QUICK : FULL);
    console.log(`${machine()}\n\n${table(findings)}`);
    const over = missed(findings);
    for (const line of over) console.log(`over the limit: ${line}`);
    if (values.json !== undefined) {
      const facts = {
        at: new Date().toISOString(),
        machine: machine(),
        quick: values.quick,
        ...findings,
        missed: over,
      };
      await writeFile(values.json, `${JSON.stringify(facts, undefined, 2)}\n`);
    }
    return values.assert && over.length > 0 ? 1 : 0;
  } finally {
    await processes.close();
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await run().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  return 2;
});
