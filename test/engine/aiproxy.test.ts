import { describe, expect, it } from 'vitest';
import { apiError } from '../../src/simulator/errors.ts';
import type { SimulatedProvider } from '../../src/simulator/provider.ts';
import { DOWN, GOOD } from '../support/behaviours.ts';
import { messagesBody } from '../support/client.ts';
import { type Bench, credentialsOf, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const MINUTE = 60_000;

/** A file of aiproxy: each upstream with what is said of it. */
function fileOf(upstreams: readonly (readonly [SimulatedProvider, string?])[]): string {
  const items = upstreams.map(
    ([{ name, url }, more = '']) =>
      `  - name: "${name}"\n    base_url: "${url}"\n    token: "token-of-${name}"\n${more}`,
  );
  return `bind: "127.0.0.1"\nlisten: ":8080"\nupstreams:\n${items.join('')}`;
}

async function answeredBy(bench: Bench, changes: Parameters<typeof messagesBody>[0] = {}, session?: string) {
  const headers = session === undefined ? {} : { headers: { 'x-claude-code-session-id': session } };
  const answer = await bench.messages({ body: messagesBody(changes), ...headers }).end;
  return answer.header('x-balancer-provider');
}

async function turns(bench: Bench, count: number): Promise<string> {
  const names: (string | undefined)[] = [];
  for (let turn = 0; turn < count; turn += 1) names.push(await answeredBy(bench));
  return names.join('');
}

describe('weights of a file of aiproxy', () => {
  it('are the shares of requests that name no session, evenly mixed and whatever their order in the file', async () => {
    const [a, b, c] = await Promise.all(['A', 'B', 'C'].map((name) => start({ name })));
    if (a === undefined || b === undefined || c === undefined) throw new Error('no provider');
    const bench = await balance(fileOf([[a, '    weight: 1\n'], [b, '    weight: 5\n'], [c]]));
    expect(await turns(bench, 14)).toBe('BBABCBB'.repeat(2));
  });

  it('are those of the upstreams that are left when one is out or does not serve the model', async () => {
    const [a, b, c] = await Promise.all(['A', 'B', 'C'].map((name) => start({ name })));
    if (a === undefined || b === undefined || c === undefined) throw new Error('no provider');
    const bench = await balance(
      fileOf([
        [a, '    weight: 9\n    available_models: ["another"]\n'],
        [b, '    weight: 2\n'],
        [c, '    weight: 1\n'],
      ]),
    );
    expect(await turns(bench, 6)).toBe('BCBBCB');
  });

  it('leave a session where its prompt cache is', async () => {
    const [a, b] = await Promise.all(['A', 'B'].map((name) => start({ name })));
    if (a === undefined || b === undefined) throw new Error('no provider');
    const bench = await balance(fileOf([[a, '    weight: 3\n'], [b]]));
    const seen = new Map<string, Set<string | undefined>>();
    for (const session of ['1', '2', '3', '4', '1', '2', '3', '4', '1', '2', '3', '4']) {
      const names = seen.get(session) ?? new Set();
      seen.set(session, names.add(await answeredBy(bench, {}, session)));
    }
    expect([...seen.values()].map((names) => [...names].join()).join('')).toBe('AABA');
  });
});

describe('an upstream of aiproxy', () => {
  it('is out for half an hour after three failures in a row, then one request tries it', async () => {
    const first = await start({ name: 'A', behaviour: DOWN });
    const second = await start({ name: 'B' });
    const bench = await balance(fileOf([[first, '    weight: 100\n'], [second]]));
    for (let failure = 1; failure <= 3; failure += 1) {
      expect(await answeredBy(bench)).toBe('B');
      expect(first.requests).toHaveLength(failure);
      bench.clock.advance(MINUTE);
    }
    expect(await bench.provider('A')).toMatchObject({ healthy: false, state: 'cooling' });
    bench.clock.advance(28 * MINUTE);
    expect(await turns(bench, 3)).toBe('BBB');
    expect(first.requests).toHaveLength(3);
    first.setBehaviour(GOOD);
    bench.clock.advance(2 * MINUTE);
    expect(await answeredBy(bench)).toBe('A');
    expect(await bench.provider('A')).toMatchObject({ healthy: true, failures: '0/3' });
  });

  it('is not out while a success stands between its failures', async () => {
    const first = await start({ name: 'A' });
    const second = await start({ name: 'B' });
    const bench = await balance(fileOf([[first, '    weight: 100\n'], [second]]));
    for (let round = 0; round < 3; round += 1) {
      first.setBehaviour(DOWN);
      expect(await turns(bench, 2)).toBe('BB');
      bench.clock.advance(MINUTE);
      first.setBehaviour(GOOD);
      expect(await answeredBy(bench)).toBe('A');
    }
    expect(await bench.provider('A')).toMatchObject({ state: 'healthy', failures: '0/3' });
  });

  it('is not blamed for a mistake of the client', async () => {
    const wrong = apiError(400, 'invalid_request_error', 'messages: roles must alternate');
    const first = await start({ name: 'A', behaviour: wrong });
    const second = await start({ name: 'B', behaviour: wrong });
    const bench = await balance(fileOf([[first], [second]]));
    for (let request = 0; request < 4; request += 1) {
      const answer = await bench.messages().end;
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('roles must alternate')]);
    }
    for (const name of ['A', 'B']) {
      expect(await bench.provider(name)).toMatchObject({ state: 'healthy', failures: '0/3' });
    }
  });

  it('gets its token as x-api-key alone, and the model by its own name', async () => {
    const only = await start({ name: 'A' });
    const bench = await balance(
      fileOf([[only, '    model_mappings:\n      "claude-haiku-4-5": "haiku-of-a"\n']]),
    );
    await answeredBy(bench, { model: 'claude-haiku-4-5' });
    await answeredBy(bench, { model: 'claude-opus-4-5' });
    expect(only.requests.map((request) => (request.json() as { model: string }).model)).toEqual([
      'haiku-of-a',
      'claude-opus-4-5',
    ]);
    expect(only.requests.map(credentialsOf)).toEqual([
      ['token-of-A', undefined],
      ['token-of-A', undefined],
    ]);
  });

  it('that must stream is asked for a stream where the client wants a message', async () => {
    const only = await start({ name: 'A', behaviour: { kind: 'message', text: 'in one piece' } });
    const bench = await balance(fileOf([[only, '    must_stream: true\n']]));
    const answer = await bench.messages({ body: messagesBody({ stream: false }) }).end;
    expect(only.requests[0]?.json()).toMatchObject({ stream: true });
    expect(answer.header('content-type')).toContain('application/json');
    expect(answer.json()).toMatchObject({
      type: 'message',
      content: [{ type: 'text', text: 'in one piece' }],
    });
  });

  it('that does not serve a model is not asked for it: a 404 in the envelope says so and where it would be named', async () => {
    const only = await start({ name: 'A' });
    const bench = await balance(fileOf([[only, '    available_models: ["claude-opus-4-5"]\n']]));
    const answer = await bench.messages({ body: messagesBody({ model: 'claude-haiku-4-5' }) }).end;
    expect([answer.status, answer.json()]).toMatchObject([
      404,
      {
        type: 'error',
        error: { type: 'not_found_error', message: expect.stringContaining('available_models') },
      },
    ]);
    expect(only.requests).toHaveLength(0);
  });
});
