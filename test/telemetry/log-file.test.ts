import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLogFile } from '../../src/telemetry/log-file.ts';
import { NO_FILE, start } from './console.ts';
import { FACTS, NOW, ONE_OF_EACH, RATE_LIMITED, SERVED } from './events.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'balancer-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const linesOf = (name: string) =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('log file', () => {
  it('gets JSON lines in a folder that it makes, whatever the console shows', async () => {
    const filePath = join(folder, 'logs', 'deep', 'logs.jsonl');
    const { log, out } = start({ filePath });
    log.observe(SERVED);
    await log.close();
    expect(JSON.parse(readFileSync(filePath, 'utf8'))).toMatchObject({ event: 'request.ended' });
    expect(out.text).toMatch(/^20:00:00 INFO/);
  });

  it('is readable for its owner alone, also what was put aside', async () => {
    const { log } = start({ filePath: join(folder, 'a.jsonl'), fileMaxBytes: 200 });
    for (let count = 0; count < 3; count += 1) log.observe(SERVED);
    await log.close();
    expect(readdirSync(folder).length).toBeGreaterThan(1);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it('that cannot be written is told once, and the log goes on', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { log, out } = start({ filePath: join(folder, 'file', 'logs.jsonl') });
    log.observe(SERVED);
    log.observe(SERVED);
    await log.close();
    expect(out.lines().filter((line) => line.includes('cannot be written'))).toHaveLength(1);
    expect(out.lines().filter((line) => line.includes('claude-opus-5-5'))).toHaveLength(2);
  });

  it('is tried again a minute after a failure, and says what is missing', async () => {
    const blocked = join(folder, 'blocked');
    writeFileSync(blocked, '');
    let at = NOW;
    const troubles: string[] = [];
    const options = { path: join(blocked, 'a.jsonl'), maxBytes: 1_000, maxFiles: 1, now: () => at };
    const file = openLogFile({ ...options, onTrouble: (message) => troubles.push(message) });
    file.write('lost\n');
    rmSync(blocked);
    file.write('lost too\n');
    at += 60_000;
    file.write('kept\n');
    await file.close();
    expect(readFileSync(join(blocked, 'a.jsonl'), 'utf8')).toBe('kept\n');
    expect(troubles.map((each) => each.replace(/^(\d+ lines|The log file).*/, '$1'))).toEqual([
      'The log file',
      '2 lines',
    ]);
  });

  it('whose folder refuses it is told, without an exception', async () => {
    const sealed = join(folder, 'sealed');
    writeFileSync(sealed, '');
    chmodSync(sealed, 0o000);
    const troubles: string[] = [];
    const file = openLogFile({
      path: join(sealed, 'x', 'a.jsonl'),
      maxBytes: 100,
      maxFiles: 1,
      now: () => NOW,
      onTrouble: (message) => troubles.push(message),
    });
    file.write('line\n');
    await file.close();
    expect(troubles).toHaveLength(1);
  });
});

describe('rotation', () => {
  it('puts the file aside by size, between two lines, and keeps so many', async () => {
    const { log } = start({ filePath: join(folder, 'a.jsonl'), fileMaxBytes: 1_000, fileMaxFiles: 2 });
    for (let count = 0; count < 40; count += 1)
      log.observe({ type: 'client.hint', message: `line ${count}` });
    await log.close();
    expect(readdirSync(folder).sort()).toEqual(['a.jsonl', 'a.jsonl.1', 'a.jsonl.2']);
    const messages = ['a.jsonl.2', 'a.jsonl.1', 'a.jsonl'].flatMap((name) =>
      linesOf(name).map(({ message }) => message),
    );
    expect(messages.at(-1)).toBe('line 39');
    expect(messages).toEqual(
      Array.from({ length: messages.length }, (_, at) => `line ${40 - messages.length + at}`),
    );
    expect(statSync(join(folder, 'a.jsonl.1')).size).toBeLessThan(1_400);
  });

  it('begins with a file that is already too large', async () => {
    writeFileSync(join(folder, 'a.jsonl'), 'x'.repeat(2_000));
    const { log } = start({ filePath: join(folder, 'a.jsonl'), fileMaxBytes: 1_000 });
    log.observe({ type: 'server.stopped' });
    await log.close();
    expect(statSync(join(folder, 'a.jsonl.1')).size).toBe(2_000);
    expect(linesOf('a.jsonl')).toHaveLength(1);
  });
});

describe('a reload', () => {
  it('that names another file moves the log there', async () => {
    const [first, second] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')];
    const { log } = start({ filePath: first });
    log.observe({ type: 'server.stopped' });
    log.configure({ level: 'info', color: false, ...NO_FILE, filePath: second });
    log.observe(SERVED);
    await log.close();
    expect(linesOf('a.jsonl').map(({ event }) => event)).toEqual(['server.stopped']);
    expect(linesOf('b.jsonl').map(({ event }) => event)).toEqual(['request.ended']);
  });

  it('changes level, colour, sizes and name of the same file, and no line is lost or out of order', async () => {
    const filePath = join(folder, 'a.jsonl');
    const { log, out } = start({ filePath });
    const settings = {
      ...NO_FILE,
      level: 'debug',
      color: true,
      filePath,
      fileMaxBytes: 300,
      logger: 'Renamed',
    } as const;
    log.observe({ type: 'request.received', request: FACTS });
    log.observe({ type: 'client.hint', message: 'before' });
    log.configure(settings);
    log.observe({ type: 'request.received', request: FACTS });
    log.configure({ ...settings, fileMaxBytes: 1_000_000 });
    log.observe({ type: 'client.hint', message: 'after' });
    await log.close();
    const files = readdirSync(folder).sort().reverse();
    const lines = files.flatMap(linesOf);
    expect(lines.map(({ event, logger }) => [event, logger])).toEqual([
      ['client.hint', 'Balancer'],
      ['request.received', 'Renamed'],
      ['client.hint', 'Renamed'],
    ]);
    expect(files.length).toBeGreaterThan(1);
    expect(out.lines()[0]).not.toContain('\u001b[');
    expect(out.lines()[1]).toContain('\u001b[36mDEBUG');
  });

  it('that names no file any more closes it', async () => {
    const { log } = start({ filePath: join(folder, 'a.jsonl') });
    log.observe({ type: 'server.stopped' });
    log.configure({ level: 'info', color: false, ...NO_FILE });
    log.observe(SERVED);
    await log.close();
    expect(linesOf('a.jsonl')).toHaveLength(1);
  });
});

describe('a line of the file', () => {
  const written = async () => {
    const { log } = start({ filePath: join(folder, 'a.jsonl'), level: 'debug' });
    for (const event of ONE_OF_EACH) log.observe(event);
    await log.close();
    return linesOf('a.jsonl');
  };

  it('has the fields of the older products in their places, for every event', async () => {
    const lines = await written();
    expect(lines).toHaveLength(ONE_OF_EACH.length);
    for (const line of lines) {
      expect(line).toMatchObject({
        timestamp: '2025-08-08T20:00:00.123+08:00',
        level: expect.stringMatching(/^(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)$/),
        logger: 'Balancer',
        event: expect.any(String),
        message: expect.any(String),
        detail: {
          event: expect.stringMatching(/^[a-z_.]+$/),
          message: line.message,
          request_id: line.request_id,
        },
      });
      expect(Object.keys(line.detail)).toEqual(['event', 'message', 'request_id', 'data', 'error']);
      expect([null, expect.any(String)]).toContainEqual(line.request_id);
    }
  });

  it('holds what the event says at the top and below detail, under the older name', async () => {
    const line = (await written()).find(({ event }) => event === 'request.ended');
    expect(line).toMatchObject({
      level: 'INFO',
      request_id: 'req_3f2a1b2c9d8e',
      status: 200,
      provider: 'AnyRouter',
      detail: { event: 'request_completed', data: { status: 200, provider: 'AnyRouter' }, error: null },
    });
  });

  it('tells an error by name and message: of an attempt, of a request, of an exception with its stack', async () => {
    const { log } = start({ filePath: join(folder, 'e.jsonl'), level: 'debug' });
    const attempt = {
      request: FACTS,
      provider: 'GAC',
      model: 'm',
      attempt: 1,
      failure: RATE_LIMITED,
      afterMs: 1,
    };
    log.observe({ type: 'request.attempt_failed', ...attempt });
    log.observe({ ...SERVED, result: 'exhausted', status: 503, error: 'No provider could answer.' });
    log.observe({ type: 'fault', message: 'It failed.', error: new TypeError('x is undefined') });
    await log.close();
    expect(linesOf('e.jsonl').map(({ level, detail }) => [level, detail.event, detail.error])).toEqual([
      [
        'DEBUG',
        'provider_request_error',
        {
          name: 'rate_limited',
          message: RATE_LIMITED.detail,
          stack_trace: null,
          args: [RATE_LIMITED.detail],
        },
      ],
      [
        'ERROR',
        'all_providers_failed',
        {
          name: 'exhausted',
          message: 'No provider could answer.',
          stack_trace: null,
          args: ['No provider could answer.'],
        },
      ],
      [
        'ERROR',
        'fault',
        {
          name: 'TypeError',
          message: 'x is undefined',
          stack_trace: expect.stringContaining('log-file.test.ts'),
          args: ['x is undefined'],
        },
      ],
    ]);
  });

  it('bears no secret in any of its places', async () => {
    const { log } = start({ filePath: join(folder, 's.jsonl') });
    log.observe({ type: 'fault', message: 'm', error: new Error('with sk-secret') });
    await log.close();
    expect(readFileSync(join(folder, 's.jsonl'), 'utf8')).not.toContain('sk-secret');
  });
});
