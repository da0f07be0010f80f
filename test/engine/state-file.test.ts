import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/parse.ts';
import { HEALTHY, type HealthRecord } from '../../src/domain/health/health.ts';
import { HEALTHY_PROVIDER, type ProviderHealth } from '../../src/domain/health/provider-health.ts';
import { LEARNED_FOR_MS } from '../../src/domain/learning/learned-parts.ts';
import type { ProviderSettings } from '../../src/domain/settings/settings.ts';
import type { CollectedState } from '../../src/engine/state-codec.ts';
import { openStateStore } from '../../src/engine/state-file.ts';
import { ManualClock } from '../support/manual-clock.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'balancer-state-'));
});
afterEach(() => rm(folder, { recursive: true }));

function provider(credential = 'sk-secret-one', baseUrl = 'http://127.0.0.1:1'): ProviderSettings {
  const entry = {
    name: 'GAC',
    type: 'anthropic',
    base_url: baseUrl,
    auth_type: 'api_key',
    auth_value: credential,
  };
  const result = parseConfiguration(JSON.stringify({ providers: [entry] }), { env: {} });
  const [settings] = result.ok ? result.configuration.providers : [];
  if (settings === undefined) throw new Error('the sample configuration is wrong');
  return settings;
}

function cooling(now: number, forMs: number): HealthRecord {
  const facts = { basis: 'window', cause: 'rate_limited', statedUntil: now + 10 * forMs } as const;
  return {
    ...HEALTHY,
    failures: 2,
    trips: 1,
    lastCounted: { at: now, sequence: 7, requestId: 'req_1' },
    trial: { attemptId: 'req_1#1', desperate: false, committed: false },
    cooling: { since: now, until: now + forMs, ...facts },
  };
}

async function open(clock: ManualClock, states: readonly CollectedState[] = [], warnings: string[] = []) {
  const file = join(folder, 'deep', 'health.json');
  return openStateStore({ file, clock, collect: () => states, warn: (message) => warnings.push(message) });
}

async function keep(clock: ManualClock, health: ProviderHealth, disabledByHand = false) {
  const store = await open(clock, [{ provider: provider(), health, disabledByHand }]);
  store.changed();
  await store.flush();
}

describe('the state file', () => {
  it('brings a cooldown back, with its hint and without the trial that ran', async () => {
    const clock = new ManualClock();
    const record = cooling(clock.now(), 60_000);
    const pairs = new Map([['claude-opus-5-5', record]]);
    await keep(clock, { provider: record, pairs, endpoints: new Map([['count_tokens', record]]) });
    clock.advance(20_000);
    const kept = (await open(clock)).restore(provider(), clock.now());
    expect(kept?.health.provider.cooling).toEqual(record.cooling);
    expect(kept?.health.provider.trial).toBeUndefined();
    expect(kept?.health.provider.failures).toBe(2);
    expect([...(kept?.health.pairs.keys() ?? [])]).toEqual(['claude-opus-5-5']);
    expect([...(kept?.health.endpoints.keys() ?? [])]).toEqual(['count_tokens']);
  });

  it('forgets a cooldown whose time is over', async () => {
    const clock = new ManualClock();
    await keep(clock, { ...HEALTHY_PROVIDER, provider: cooling(clock.now(), 60_000) });
    clock.advance(60_000);
    expect((await open(clock)).restore(provider(), clock.now())?.health.provider).toEqual(HEALTHY);
  });

  it('lets no cooldown last longer than it was meant to, though the clock was set back', async () => {
    const clock = new ManualClock();
    await keep(clock, { ...HEALTHY_PROVIDER, provider: cooling(clock.now(), 60_000) });
    const earlier = clock.now() - 86_400_000;
    const until = (await open(clock)).restore(provider(), earlier)?.health.provider.cooling?.until;
    expect(until).toBe(earlier + 60_000);
  });

  it.each([
    ['credential', provider('sk-other')],
    ['address', provider('sk-secret-one', 'http://127.0.0.1:2')],
  ])('forgets health if the %s is another now, but not what was switched off by hand', async (_, changed) => {
    const clock = new ManualClock();
    await keep(clock, { ...HEALTHY_PROVIDER, provider: cooling(clock.now(), 60_000) }, true);
    const kept = (await open(clock)).restore(changed, clock.now());
    expect(kept).toEqual({ health: HEALTHY_PROVIDER, disabledByHand: true });
  });

  const PART = { kind: 'field', name: 'context_management', because: 'refused' } as const;

  it('brings back what was learned of a provider while it is in date, and not at another address', async () => {
    const clock = new ManualClock();
    const learned = new Map([
      ['opus', [{ ...PART, since: clock.now() }]],
      ['sonnet', [{ ...PART, since: clock.now() - LEARNED_FOR_MS }]],
    ]);
    const store = await open(clock, [
      { provider: provider(), health: HEALTHY_PROVIDER, disabledByHand: false, learned },
    ]);
    store.changed();
    await store.flush();
    const again = await open(clock);
    expect(again.restore(provider(), clock.now())?.learned).toEqual(
      new Map([['opus', [{ ...PART, since: clock.now() }]]]),
    );
    expect(again.restore(provider('sk-other'), clock.now())?.learned).toBeUndefined();
    expect(again.restore(provider(), clock.now() + LEARNED_FOR_MS)?.learned).toBeUndefined();
  });

  it('passes over what it does not know of learned facts, and keeps the others', async () => {
    const clock = new ManualClock();
    await keep(clock, { ...HEALTHY_PROVIDER, provider: cooling(clock.now(), 60_000) });
    const file = join(folder, 'deep', 'health.json');
    const state = JSON.parse(await readFile(file, 'utf8')) as { providers: Record<string, object> };
    const fact = { ...PART, since: clock.now() };
    const facts = {
      opus: [fact, { ...fact, kind: 'spell' }, { ...fact, since: 'now' }, null],
      sonnet: 'x',
      haiku: [1],
    };
    for (const learned of [facts, 'junk', [1], null]) {
      for (const kept of Object.values(state.providers)) Object.assign(kept, { learned });
      await writeFile(file, JSON.stringify(state));
      const kept = (await open(clock)).restore(provider(), clock.now());
      expect(kept?.learned).toEqual(learned === facts ? new Map([['opus', [fact]]]) : undefined);
      expect(kept?.health.provider.failures).toBe(2);
    }
  });

  it('holds no secret, and leaves no second file behind', async () => {
    const clock = new ManualClock();
    await keep(clock, HEALTHY_PROVIDER);
    const text = await readFile(join(folder, 'deep', 'health.json'), 'utf8');
    expect(text).not.toContain('sk-secret');
    expect(await readdir(join(folder, 'deep'))).toEqual(['health.json']);
  });

  it('is written at most once a second however much changes', async () => {
    const clock = new ManualClock();
    let collected = 0;
    const file = join(folder, 'health.json');
    const collect = (): CollectedState[] => {
      collected += 1;
      return [];
    };
    const store = await openStateStore({ file, clock, collect, warn: () => {} });
    for (let change = 0; change < 100; change++) store.changed();
    clock.advance(999);
    expect(collected).toBe(0);
    clock.advance(1);
    expect(collected).toBe(1);
    await store.flush();
    expect(collected).toBe(1);
  });

  it('warns and starts anew when the file is broken, whatever it holds', async () => {
    const file = join(folder, 'health.json');
    const clock = new ManualClock();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
        await writeFile(file, text);
        const warnings: string[] = [];
        const store = await openStateStore({ file, clock, collect: () => [], warn: (m) => warnings.push(m) });
        expect(store.restore(provider(), clock.now())).toBeUndefined();
        expect(warnings).toHaveLength(1);
      }),
      { numRuns: 50 },
    );
  });

  it('reads what it can of a file whose values have wrong types, without a throw', async () => {
    const clock = new ManualClock();
    await keep(clock, { ...HEALTHY_PROVIDER, provider: cooling(clock.now(), 60_000) });
    const file = join(folder, 'deep', 'health.json');
    const good = JSON.parse(await readFile(file, 'utf8'));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('failures', 'trips', 'cooling', 'lastFailureAt'),
        fc.jsonValue(),
        async (key, value) => {
          const changed = structuredClone(good);
          changed.providers.GAC.provider[key] = value;
          await writeFile(file, JSON.stringify(changed));
          const store = await open(clock);
          const until = store.restore(provider(), clock.now())?.health.provider.cooling?.until;
          expect(until === undefined || Number.isFinite(until)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('warns when it can not be written, and the balancer goes on', async () => {
    const clock = new ManualClock();
    const warnings: string[] = [];
    const blocked = join(folder, 'file');
    await writeFile(blocked, '');
    const file = join(blocked, 'health.json');
    const store = await openStateStore({ file, clock, collect: () => [], warn: (m) => warnings.push(m) });
    store.changed();
    await store.flush();
    expect(warnings.join()).toContain(file);
  });

  it('is not missed where none is wanted', async () => {
    const clock = new ManualClock();
    const store = await openStateStore({ file: undefined, clock, collect: () => [], warn: () => {} });
    store.changed();
    await store.flush();
    expect(clock.pending).toBe(0);
    expect(store.restore(provider(), clock.now())).toBeUndefined();
  });
});
