/**
 * `npm run bench`: what the balancer costs, as ratios to a bare byte pipe measured in the same run.
 * docs/performance.md says what the figures mean.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FULL, QUICK } from './effort.ts';
import { missed } from './limits.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { measureParts } from './parts.ts';
import { startProcesses } from './processes.ts';
import { machine, table } from './report.ts';
import type { Row } from './rows.ts';
import { openStage } from './stage.ts';

/** Progress goes beside the findings. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === 'string') {
    say(`${options}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const rows = await measured(options);
  console.log(`${machine()}\n\n${table(rows)}`);
  const over = missed(rows);
  for (const line of over) console.log(`over the limit: ${line}`);
  if (options.json !== undefined) await writeFile(options.json, asJson(options, rows, over));
  return options.assert && over.length > 0 ? 1 : 0;
}

async function measured({ quick, parts, profiles }: Options): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'balancer-bench-'));
  const processes = startProcesses();
  try {
    const stage = await openStage(processes, { effort: quick ? QUICK : FULL, folder, profiles, say });
    return await measureParts(stage, parts);
  } finally {
    await processes.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function asJson({ quick, parts }: Options, rows: readonly Row[], over: readonly string[]): string {
  const facts = { at: new Date().toISOString(), machine: machine(), quick, parts, rows, missed: over };
  return `${JSON.stringify(facts, undefined, 2)}\n`;
}

process.exitCode = await run(process.argv.slice(2)).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  return 2;
});
