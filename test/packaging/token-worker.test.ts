import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { CountingThread, ThreadListener } from '../../src/tokens/counting-thread.ts';
import type { TokenCounter, TokenCounterOptions } from '../../src/tokens/token-counter.ts';
import { ManualClock } from '../support/manual-clock.ts';

const run = promisify(execFile);
const DIST = join(import.meta.dirname, '..', '..', 'dist', 'src');
const urlOf = (path: string): string => pathToFileURL(join(DIST, path)).href;

const counters: TokenCounter[] = [];
afterEach(async () => {
  for (const counter of counters.splice(0)) await counter.close();
});

/** The built counter with its built thread. */
async function built(options: Partial<TokenCounterOptions> = {}) {
  const warnings: string[] = [];
  const { createTokenCounter } = (await import(urlOf('tokens/token-counter.js'))) as {
    createTokenCounter(options: TokenCounterOptions): TokenCounter;
  };
  const warn = (text: string): void => {
    warnings.push(text);
  };
  const counter = createTokenCounter({ clock: new ManualClock(), warn, ...options });
  counters.push(counter);
  return { counter, warnings };
}

const body = (text: string): Buffer =>
  Buffer.from(JSON.stringify({ model: 'claude-opus-5', messages: [{ role: 'user', content: text }] }));
const HELLO = body('Hello there');

describe('the built thread that counts tokens', () => {
  it('counts, one body after the other', async () => {
    const { counter, warnings } = await built();
    const counts = await Promise.all(
      [HELLO, body('Hello there, <|endoftext|>')].map(counter.countTokens, counter),
    );
    expect(counts[0]).toBe(10);
    expect(counts[1]).toBeGreaterThan(12);
    expect(await counter.countTokens(Buffer.from('no JSON'))).toBe(2);
    expect(warnings).toEqual([]);
  });

  it('counts 4 MB of one letter, of spaces and of ideographs', async () => {
    const { counter, warnings } = await built();
    for (const unit of ['a', ' ', '漢']) {
      expect(await counter.countTokens(body(unit.repeat(4_000_000)))).toBeGreaterThan(10_000);
    }
    expect(warnings).toEqual([]);
  });

  it('copies nothing but the body out of a buffer that others share', async () => {
    const { counter } = await built();
    const shared = Buffer.concat([Buffer.from('{"secret":1}'), HELLO, Buffer.from('more')]);
    expect(await counter.countTokens(shared.subarray(12, 12 + HELLO.length))).toBe(10);
    expect(shared.length).toBe(16 + HELLO.length);
  });

  it.each([
    ['dies in the middle of a count', 'setTimeout(() => process.exit(3));', 'it ended with code 3'],
    ['fails by a bug of ours', 'throw new Error("boom");', 'boom'],
  ])('is replaced where it %s', async (_, ending, reason) => {
    const { startThread } = (await import(urlOf('tokens/counting-thread.js'))) as {
      startThread: (listener: ThreadListener, file?: URL) => CountingThread;
    };
    const dying = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { ${ending} });`;
    const files = [new URL(`data:text/javascript,${encodeURIComponent(dying)}`)];
    const { counter, warnings } = await built({ start: (listener) => startThread(listener, files.pop()) });
    const counts = [counter.countTokens(body('of the first thread')), counter.countTokens(HELLO)];
    expect(await Promise.all(counts)).toEqual([22, 10]);
    expect(warnings).toEqual([expect.stringContaining(reason)]);
  });

  it('is given up where its file is missing', async () => {
    const { startThread } = (await import(urlOf('tokens/counting-thread.js'))) as {
      startThread: (listener: ThreadListener, file?: URL) => CountingThread;
    };
    const missing = new URL(urlOf('tokens/no-such-file.js'));
    const { counter, warnings } = await built({ start: (listener) => startThread(listener, missing) });
    expect(await counter.countTokens(HELLO)).toBe(Math.ceil(HELLO.length / 4));
    expect(warnings).toEqual([expect.stringContaining('no-such-file')]);
  });

  it('keeps no process alive', async () => {
    const script = `
      import { createTokenCounter } from ${JSON.stringify(urlOf('tokens/token-counter.js'))};
      const clock = { now: Date.now, setTimeout: (act, ms) => setTimeout(act, ms).unref(), clearTimeout };
      const counter = createTokenCounter({ clock, warn: console.error });
      const alive = setInterval(() => {}, 1000);
      console.log(await counter.countTokens(Buffer.from(${JSON.stringify(String(HELLO))})));
      clearInterval(alive);
    `;
    const args = ['--input-type=module', '--eval', script];
    const { stdout, stderr } = await run(process.execPath, args, { timeout: 60_000 });
    expect([stdout.trim(), stderr]).toEqual(['10', '']);
  });
});
