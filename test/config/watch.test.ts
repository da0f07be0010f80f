import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ConfigurationWatch, watchConfiguration } from '../../src/config/watch.ts';
import type { Clock } from '../../src/domain/time.ts';

const DEADLINE_MS = 10_000;

const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

let folder: string;
let file: string;
let watches: ConfigurationWatch[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'balancer-watch-'));
  file = join(folder, 'providers.yaml');
  watches = [];
  await writeFile(file, 'one');
});

afterEach(async () => {
  for (const watch of watches) watch.close();
  await rm(folder, { recursive: true, force: true });
});

/** Watches, and gives what was read at each call. */
async function watched(
  path = file,
  pollMs = 60_000,
): Promise<{ next(): Promise<string>; readonly count: number }> {
  const seen: string[] = [];
  const waiting: ((content: string) => void)[] = [];
  let count = 0;
  const onChange = async () => {
    count += 1;
    const content = await readFile(path, 'utf8');
    const waiter = waiting.shift();
    if (waiter === undefined) seen.push(content);
    else waiter(content);
  };
  const watch = watchConfiguration(path, onChange, { clock: systemClock, settleMs: 20, pollMs });
  watches.push(watch);
  await watch.ready;
  return {
    get count() {
      return count;
    },
    next: () => {
      const content = seen.shift();
      if (content !== undefined) return Promise.resolve(content);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no change was told')), DEADLINE_MS);
        waiting.push((text) => {
          clearTimeout(timer);
          resolve(text);
        });
      });
    },
  };
}

describe('a change is told', () => {
  test('when the file is written in place, each time', async () => {
    const changes = await watched();
    await writeFile(file, 'two');
    expect(await changes.next()).toBe('two');
    await writeFile(file, 'three');
    expect(await changes.next()).toBe('three');
  });

  test('when another file takes its place, each time', async () => {
    const changes = await watched();
    for (const content of ['two', 'three']) {
      await writeFile(join(folder, 'new'), content);
      await rename(join(folder, 'new'), file);
      expect(await changes.next()).toBe(content);
    }
  });

  test('when the file was away in between', async () => {
    const changes = await watched();
    await rm(file);
    await writeFile(file, 'two');
    expect(await changes.next()).toBe('two');
  });

  test('when the file appears only later', async () => {
    await rm(file);
    const changes = await watched();
    await writeFile(file, 'two');
    expect(await changes.next()).toBe('two');
  });

  test('when what a link names is written', async () => {
    await mkdir(join(folder, 'elsewhere'));
    const target = join(folder, 'elsewhere', 'target.yaml');
    await writeFile(target, 'one');
    const link = join(folder, 'link.yaml');
    await symlink(target, link);
    const changes = await watched(link);
    await writeFile(target, 'two');
    expect(await changes.next()).toBe('two');
  });

  test('when a link on the way is turned, as mounted volumes do it', async () => {
    await mkdir(join(folder, 'v1'));
    await mkdir(join(folder, 'v2'));
    await writeFile(join(folder, 'v1', 'p.yaml'), 'one');
    await writeFile(join(folder, 'v2', 'p.yaml'), 'two');
    await symlink('v1', join(folder, '..data'));
    await symlink(join('..data', 'p.yaml'), join(folder, 'p.yaml'));
    const changes = await watched(join(folder, 'p.yaml'));
    await symlink('v2', join(folder, '..data_new'));
    await rename(join(folder, '..data_new'), join(folder, '..data'));
    expect(await changes.next()).toBe('two');
    await writeFile(join(folder, 'v2', 'p.yaml'), 'three');
    expect(await changes.next()).toBe('three');
  });

  test('when the whole folder was replaced, by the regular look', async () => {
    const inner = join(folder, 'inner');
    await mkdir(inner);
    await writeFile(join(inner, 'p.yaml'), 'one');
    const changes = await watched(join(inner, 'p.yaml'), 30);
    await rm(inner, { recursive: true });
    await mkdir(inner);
    await writeFile(join(inner, 'p.yaml'), 'two');
    expect(await changes.next()).toBe('two');
  });
});

test('what leaves the content as it was, or empty, is no change', async () => {
  const changes = await watched();
  await writeFile(file, 'one');
  await writeFile(join(folder, 'neighbour'), 'x');
  await writeFile(file, '');
  await writeFile(file, 'two');
  expect(await changes.next()).toBe('two');
  expect(changes.count).toBe(1);
});

test('a callback that fails does not end the watching', async () => {
  const told: string[] = [];
  let tell: () => void = () => {};
  const watch = watchConfiguration(
    file,
    async () => {
      told.push(await readFile(file, 'utf8'));
      tell();
      throw new Error('not this time');
    },
    { clock: systemClock, settleMs: 20 },
  );
  watches.push(watch);
  await watch.ready;
  for (const content of ['two', 'three']) {
    const next = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no change was told')), DEADLINE_MS);
      tell = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await writeFile(file, content);
    await next;
  }
  expect(told).toEqual(['two', 'three']);
});

test('a change between loading and watching is told', async () => {
  const told = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no change was told')), DEADLINE_MS);
    const onChange = async () => {
      clearTimeout(timer);
      resolve(await readFile(file, 'utf8'));
    };
    watches.push(
      watchConfiguration(file, onChange, {
        clock: systemClock,
        settleMs: 20,
        pollMs: 60_000,
        loaded: 'before',
      }),
    );
  });
  expect(await told).toBe(await readFile(file, 'utf8'));
});

test('nothing waits and nothing is told after close', async () => {
  const timers = new Set<unknown>();
  const clock: Clock = {
    now: () => 0,
    setTimeout: (callback) => {
      const handle = { callback };
      timers.add(handle);
      return handle;
    },
    clearTimeout: (handle) => void timers.delete(handle),
  };
  let calls = 0;
  const onChange = () => {
    calls += 1;
  };
  const watch = watchConfiguration(file, onChange, { clock });
  await watch.ready;
  expect(timers.size).toBe(1);
  watch.close();
  expect(timers.size).toBe(0);
  expect(calls).toBe(0);
});
