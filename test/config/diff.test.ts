import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffConfigurations } from '../../src/config/diff.ts';
import { configurationOf } from './support.ts';

const A = '  - { name: a, base_url: "https://a.example", auth_value: k }\n';
const B = '  - { name: b, base_url: "https://b.example", auth_value: k }\n';
const C = '  - { name: c, base_url: "https://c.example", auth_value: k }\n';
const file = (...lines: string[]) => configurationOf(`providers:\n${lines.join('')}`);

const NOTHING = {
  added: [],
  removed: [],
  changed: [],
  routesChanged: false,
  orderChanged: false,
  settings: [],
  restart: [],
};

describe('diffConfigurations', () => {
  test('finds nothing between equal files, wherever they were read', () => {
    const patterns = 'settings: { unhealthy_response_body_patterns: [quota] }\n';
    expect(diffConfigurations(file(A, B, patterns), { ...file(A, B, patterns), file: '/elsewhere' })).toEqual(
      NOTHING,
    );
  });

  test('tells who came and who went', () => {
    expect(diffConfigurations(file(A, B), file(B, C))).toEqual({ ...NOTHING, added: ['c'], removed: ['a'] });
  });

  test.each([
    ['base_url', '  - { name: a, base_url: "https://x.example", auth_value: k }\n', ['baseUrl']],
    ['credential', '  - { name: a, base_url: "https://a.example", auth_value: other }\n', ['credential']],
    [
      'proxy',
      '  - { name: a, base_url: "https://a.example", auth_value: k, proxy: "http://p.example" }\n',
      ['proxy'],
    ],
  ])('another %s makes it another provider', (_, provider, keys) => {
    const { changed } = diffConfigurations(file(A), file(provider));
    expect(changed).toEqual([{ id: 'a', keys, identityChanged: true }]);
  });

  test('other changes leave it the same provider', () => {
    const changed =
      '  - { name: a, base_url: "https://a.example", auth_value: k, weight: 2, headers: { x-a: b } }\n';
    expect(diffConfigurations(file(A), file(changed)).changed).toEqual([
      { id: 'a', keys: ['weight', 'headers'], identityChanged: false },
    ]);
  });

  test('tells another order and other routes', () => {
    expect(diffConfigurations(file(A, B), file(B, A))).toEqual({ ...NOTHING, orderChanged: true });
    const routed = file(A, B, 'model_routes: { "*": [{ provider: a }] }\n');
    expect(diffConfigurations(file(A, B), routed)).toEqual({ ...NOTHING, routesChanged: true });
  });

  test('tells which settings changed, and which of them need a restart', () => {
    const changed = file(
      A,
      'settings: { port: 1, log_level: DEBUG, unhealthy_response_body_patterns: [quota] }\n',
    );
    expect(diffConfigurations(file(A), changed)).toEqual({
      ...NOTHING,
      settings: ['unhealthy', 'logLevel', 'port'],
      restart: ['port'],
    });
  });

  test('tells that the inspector takes a restart, but for whether it keeps content', () => {
    const larger = file(A, 'settings: { inspector: { events: 200 } }\n');
    expect(diffConfigurations(file(A), larger)).toMatchObject({ restart: ['inspector'] });
    const capturing = file(A, 'settings: { inspector: { capture_bodies: true } }\n');
    expect(diffConfigurations(file(A), capturing)).toMatchObject({ settings: ['inspector'], restart: [] });
  });

  test('of a file and itself is empty, and turns round with its arguments', () => {
    const configuration = fc
      .subarray([A, B, C], { minLength: 1 })
      .chain((lines) => fc.shuffledSubarray(lines, { minLength: lines.length }))
      .map((lines) => file(...lines));
    fc.assert(
      fc.property(configuration, configuration, (before, after) => {
        expect(diffConfigurations(before, before)).toEqual(NOTHING);
        const there = diffConfigurations(before, after);
        const back = diffConfigurations(after, before);
        expect([back.removed, back.added]).toEqual([there.added, there.removed]);
      }),
    );
  });
});
