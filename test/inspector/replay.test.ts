import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import type { World } from '../../src/cli/world.ts';
import type { TraceFile } from '../../src/domain/inspection/inspection.ts';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { DOWN, GOOD, limited } from '../support/behaviours.ts';
import { fetchAnswer } from '../support/client.ts';
import { type Bench, entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function benchOf(
  behaviours: Readonly<Record<string, Behaviour>>,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Bench> {
  const providers = [];
  for (const [name, behaviour] of Object.entries(behaviours))
    providers.push(entry(await start({ name, behaviour })));
  return balance({ providers, settings });
}

async function traceOf(bench: Bench, number = 1): Promise<TraceFile> {
  const { request } = await bench.ended(number);
  const answer = await fetchAnswer(`${bench.url}/inspector/requests/${request.id}/trace`);
  expect(answer.header('content-disposition')).toBe(`attachment; filename="${request.id}.trace.json"`);
  return answer.json() as TraceFile;
}

/** Runs the command on a trace; with another configuration where one is given. */
async function replay(trace: unknown, config?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'replay-'));
  folders.push(folder);
  const text = typeof trace === 'string' ? trace : JSON.stringify(trace);
  writeFileSync(join(folder, 'a.trace.json'), text);
  if (config !== undefined) writeFileSync(join(folder, 'other.yaml'), config);
  const output: string[] = [];
  const stream = {
    write: (part: string) => output.push(part),
    isTTY: false,
  } as unknown as NodeJS.WriteStream;
  const world = { cwd: folder, home: folder, env: {}, stdout: stream, stderr: stream } as unknown as World;
  const flags = config === undefined ? [] : ['--config', 'other.yaml'];
  const code = await dispatch(['replay', 'a.trace.json', ...flags], world);
  return { code, text: output.join('') };
}

describe('a replay', () => {
  it('of a failover decides as it did, and says why', async () => {
    const bench = await benchOf({ down: DOWN, good: GOOD });
    await bench.messages().end;
    const { code, text } = await replay(await traceOf(bench));
    expect(text).toContain('try down/claude-sonnet-5-5: priority');
    expect(text).toContain('attempt 1 at down: server error');
    expect(text).toContain('try good/claude-sonnet-5-5: ready');
    expect(text).toContain('end: served, 2 attempts');
    expect(text).toContain('The same decisions as recorded.');
    expect(code).toBe(0);
  });

  it('of one that passed over whom others had sent into cooldown knows that', async () => {
    const bench = await benchOf({ down: DOWN, good: GOOD });
    for (let at = 0; at < 3; at += 1) await bench.messages().end;
    const trace = await traceOf(bench, 3);
    expect(trace.decisions[0]?.considered.some(({ availability }) => availability.kind === 'cooling')).toBe(
      true,
    );
    const { code, text } = await replay(trace);
    expect(text).toMatch(/down\/claude-sonnet-5-5 passed over: cooling \d+ s left/);
    expect([code, text]).toEqual([0, expect.stringContaining('The same decisions')]);
  });

  it('of a request that waited for a provider to return waits as long, in no time', async () => {
    const bench = await benchOf({ one: limited(5) }, { hold_while_cooling: 20 });
    const first = bench.messages();
    await bench.until(
      'the wait',
      () => bench.clock.pending > 0 && bench.events.some(({ type }) => type === 'health.changed'),
    );
    for (let at = 0; at < 60; at += 1) {
      bench.clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await first.end;
    const trace = await traceOf(bench);
    expect(trace.decisions.some(({ verdict }) => verdict === 'wait')).toBe(true);
    const { text } = await replay(trace);
    expect(text).toContain('wait');
    expect(text).toContain('end: exhausted');
  });

  it('of a request that nobody answered ends as it did', async () => {
    const bench = await benchOf({ one: DOWN, two: DOWN }, { hold_while_cooling: 0, max_attempts: 0 });
    await bench.messages().end;
    const { code, text } = await replay(await traceOf(bench));
    expect([code, text]).toEqual([0, expect.stringContaining('end: exhausted, 2 attempts')]);
  });

  it('of a changed trace tells where it differs, and fails', async () => {
    const bench = await benchOf({ down: DOWN, good: GOOD });
    await bench.messages().end;
    const trace = await traceOf(bench);
    const [first, second] = trace.decisions;
    if (first === undefined || second === undefined) throw new Error('no decisions');
    const changed = { ...trace, decisions: [first, { ...second, reason: 'a whim' }] };
    const { code, text } = await replay(changed);
    expect(code).toBe(1);
    expect(text).toContain('Differs from what was recorded at step 2');
    expect(text).toContain('recorded: try good/claude-sonnet-5-5: a whim');
  });

  it('with another configuration tells what that would have done', async () => {
    const bench = await benchOf({ down: DOWN, good: GOOD });
    await bench.messages().end;
    const trace = await traceOf(bench);
    const provider = (name: string) =>
      `  - { name: ${name}, base_url: "http://127.0.0.1:9", auth_value: "some-key-of-${name}" }\n`;
    const swapped = await replay(trace, `providers:\n${provider('good')}${provider('down')}`);
    expect(swapped.code).toBe(0);
    expect(swapped.text).toContain('try good/claude-sonnet-5-5: priority');
    expect(swapped.text).toContain('end: served, 1 attempt');
    const other = await replay(trace, `providers:\n${provider('down')}${provider('third')}`);
    expect(other.text).toContain('try third/claude-sonnet-5-5: ready');
    expect(other.text).toContain('Taken to have answered, as the trace says nothing of them: third.');
    const alone = await replay(
      trace,
      `providers:\n${provider('down')}settings: { hold_while_cooling: 0, max_attempts: 0 }\n`,
    );
    expect(alone.text).toContain('end: exhausted');
  });

  it('of a request whose configuration was replaced since knows the hosts that it had', async () => {
    const good = await start({ name: 'good', behaviour: GOOD });
    const bench = await balance({ providers: [entry(good)] });
    await bench.messages().end;
    const other = await start({ name: 'other', behaviour: GOOD });
    expect((await bench.reload({ providers: [entry(other)] })).kind).toBe('reloaded');
    const trace = await traceOf(bench);
    expect(trace.plan?.hosts).toEqual({ good: new URL(good.url).host });
    const { code, text } = await replay(trace);
    expect([code, text]).toEqual([0, expect.stringContaining('The same decisions')]);
  });

  it('of a count goes by the rules of a side request, with another configuration too', async () => {
    const down = await start({ name: 'down', sideBehaviour: DOWN });
    const good = await start({ name: 'good', behaviour: GOOD });
    const bench = await balance({ providers: [entry(down), entry(good)] });
    await bench.count();
    const trace = await traceOf(bench);
    expect(trace.plan?.policy).toMatchObject({ patient: false, holdMs: 0, maxAttempts: 0 });
    const { code, text } = await replay(trace);
    expect([code, text]).toEqual([0, expect.stringContaining('end: served, 2 attempts')]);
    const provider = (name: string) =>
      `  - { name: ${name}, base_url: "http://127.0.0.1:9", auth_value: "some-key-of-${name}" }\n`;
    const staying = `providers:\n${provider('down')}${provider('good')}settings: { failover_below_threshold: false }\n`;
    expect((await replay(trace, staying)).text).toContain('end: served, 2 attempts');
    const message = { ...trace, summary: { ...trace.summary, endpoint: 'messages' } };
    expect((await replay(message, staying)).text).toContain(', 1 attempt');
  });

  it.each([
    ['what is no JSON', 'nonsense', 'is no JSON'],
    ['another file', { format: 'other' }, 'is no trace of a request'],
    [
      'a trace without its decisions',
      { format: 'claude-code-balancer/trace', formatVersion: 1 },
      'is no trace',
    ],
  ])('refuses %s', async (_, trace, message) => {
    const { code, text } = await replay(trace);
    expect([code, text]).toEqual([1, expect.stringContaining(message)]);
  });
});
