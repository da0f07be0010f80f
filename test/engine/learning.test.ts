import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { apiError } from '../../src/simulator/errors.ts';
import type { ReceivedRequest } from '../../src/simulator/received-request.ts';
import { type Bench, entry, useBench } from '../support/engine-bench.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { useProviders } from '../support/providers.ts';
import { traceOf } from '../support/providers-view.ts';

// Before the balancers: what is registered first is cleared up last.
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const balance = useBench();
const start = useProviders();

const BETAS = ['claude-code-20250219', 'context-management-2025-06-27', 'effort-2025-11-24'];
const HEADERS = { 'anthropic-beta': BETAS.join(',') };

/** In Claude Code's order, with spacing that a copy would lose. */
const BODY = `{"model":"claude-sonnet-5-5", "messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral","ttl":"1h"}}]}],"tools":[{"name":"Read","input_schema":{"type":"object"},"input_examples":[{"a":1}]}],"max_tokens":1024,"thinking":{"type":"adaptive","display":"updates"},"context_management":{"edits":[]},"output_config":{"effort":"medium"},"stream":true}`;

const GOOD: Behaviour = { kind: 'message' };

function refusal(message: string): Behaviour {
  return apiError(400, 'invalid_request_error', message);
}

interface Body {
  readonly [field: string]: unknown;
}

/** A provider that refuses with the first message whose condition holds. */
function picky(...rules: readonly [message: string, holds: (body: Body, betas: string) => boolean][]) {
  return (request: ReceivedRequest): Behaviour => {
    const body = request.json() as Body;
    const betas = request.header('anthropic-beta') ?? '';
    const rule = rules.find(([, holds]) => holds(body, betas));
    return rule === undefined ? GOOD : refusal(rule[0]);
  };
}

const EFFORT = 'This model does not support the effort parameter.';
const CONTEXT = 'context_management: Extra inputs are not permitted';

const noEffort = [EFFORT, (body: Body) => 'output_config' in body] as const satisfies [string, unknown];
const noContext = [CONTEXT, (body: Body) => 'context_management' in body] as const satisfies [
  string,
  unknown,
];

function send(bench: Bench, body = BODY) {
  return bench.messages({ body, headers: HEADERS }).end;
}

function bodiesOf(requests: readonly ReceivedRequest[]): Body[] {
  return requests.map((request) => request.json() as Body);
}

function betasOf(requests: readonly ReceivedRequest[]): (string | undefined)[] {
  return requests.map((request) => request.header('anthropic-beta'));
}

async function worldOf(behaviour: (request: ReceivedRequest) => Behaviour, changes = {}) {
  const clock = new ManualClock();
  const first = await start({ name: 'first', behaviour, clock });
  const second = await start({ name: 'second' });
  const file = { providers: [entry(first), entry(second)], ...changes };
  const bench = await balance(file, { clock });
  return { bench, clock, first, second, file };
}

describe('a refusal that names a part of the request', () => {
  it('is answered by the same request without it and without its pair, and blames nobody', async () => {
    const { bench, first, second } = await worldOf(picky([...noContext]));
    const answer = await send(bench);
    expect(answer.status).toBe(200);
    expect(answer.end).toBe('complete');
    expect(second.requests).toHaveLength(0);
    expect(first.requests.map(({ body }) => body.toString())).toEqual([
      BODY,
      BODY.replace(', "messages"', ',"messages"').replace('"context_management":{"edits":[]},', ''),
    ]);
    expect(betasOf(first.requests)).toEqual([HEADERS['anthropic-beta'], `${BETAS[0]},${BETAS[2]}`]);
    const view = await bench.provider('first');
    expect(traceOf(view)).toEqual({ failures: '0/2', cools: null });
    expect(bench.events.filter(({ type }) => type === 'health.changed')).toEqual([]);
  });

  it('is repeated for a client that asked for no stream as well', async () => {
    const { bench, first } = await worldOf(picky([...noContext]));
    const answer = await send(bench, BODY.replace('"stream":true', '"stream":false'));
    expect(answer.json()).toMatchObject({ type: 'message' });
    expect(first.requests).toHaveLength(2);
  });

  it('named one after the other go one after the other, nested ones too', async () => {
    const { bench, first, second } = await worldOf(
      picky(
        [...noContext],
        [...noEffort],
        [
          'tools.0.custom.input_examples: Extra inputs are not permitted',
          (body) => JSON.stringify(body).includes('input_examples'),
        ],
        [
          'messages.0.content.0.text.cache_control.ephemeral.ttl: Extra inputs are not permitted',
          (body) => JSON.stringify(body).includes('"ttl"'),
        ],
      ),
    );
    expect((await send(bench)).status).toBe(200);
    expect(second.requests).toHaveLength(0);
    expect(first.requests).toHaveLength(5);
    expect(bodiesOf(first.requests).at(-1)).toEqual({
      model: 'claude-sonnet-5-5',
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }] },
      ],
      tools: [{ name: 'Read', input_schema: { type: 'object' } }],
      max_tokens: 1024,
      thinking: { type: 'adaptive', display: 'updates' },
      stream: true,
    });
    expect(betasOf(first.requests).at(-1)).toBe(BETAS[0]);
    await send(bench);
    expect(first.requests).toHaveLength(6);
  });

  it('is a bare “invalid beta flag”: first the uncommon betas go, then all, each with its fields', async () => {
    const { bench, first } = await worldOf(picky(['invalid beta flag', (_, betas) => betas !== '']));
    const headers = { 'anthropic-beta': `interleaved-thinking-2025-05-14,${BETAS.join(',')}` };
    expect((await bench.messages({ body: BODY, headers }).end).status).toBe(200);
    expect(betasOf(first.requests)).toEqual([
      headers['anthropic-beta'],
      'interleaved-thinking-2025-05-14',
      undefined,
    ]);
    expect(Object.keys(bodiesOf(first.requests).at(-1) ?? {})).toEqual([
      'model',
      'messages',
      'tools',
      'max_tokens',
      'thinking',
      'stream',
    ]);
  });

  it('that the request cannot do without stays its own fault: the next provider is asked with all of it', async () => {
    const { bench, first, second } = await worldOf(() => refusal('messages: Extra inputs are not permitted'));
    expect((await send(bench)).status).toBe(200);
    expect(first.requests).toHaveLength(1);
    expect(second.requests[0]?.body.toString()).toBe(BODY);
  });

  it('and refuses without it too, is given back unmodified, and nothing is learned', async () => {
    const clock = new ManualClock();
    const words = [
      'context_management: Extra inputs are not permitted',
      'prompt is too long: 9 tokens > 8 maximum',
    ];
    const only = await start({ name: 'only', clock, behaviour: words.map(refusal) });
    const bench = await balance({ providers: [entry(only)] }, { clock });
    const answer = await send(bench);
    expect([answer.status, answer.json()]).toMatchObject([400, { error: { message: words[1] } }]);
    expect((await bench.provider('only')).learned).toEqual([]);
  });

  it('is taken out of what goes to that provider only', async () => {
    const { bench, first, second } = await worldOf(picky([...noContext]));
    await send(bench);
    first.setBehaviour({ kind: 'http', status: 500 });
    await send(bench);
    expect(second.requests[0]?.body.toString()).toBe(BODY);
    expect(betasOf(second.requests)).toEqual([HEADERS['anthropic-beta']]);
  });

  it('costs a stream of counting requests nothing more than one repetition either', async () => {
    const clock = new ManualClock();
    const only = await start({
      name: 'only',
      clock,
      behaviour: GOOD,
      sideBehaviour: picky([...noContext]),
    });
    const settings = { deduplication: { enabled: false } };
    const bench = await balance({ providers: [entry(only)], settings }, { clock });
    const count = () => bench.count({ body: BODY.replace(',"stream":true', ''), headers: HEADERS });
    expect((await count()).status).toBe(200);
    expect((await count()).status).toBe(200);
    expect(only.requests).toHaveLength(3);
    expect((await bench.provider('only')).endpoints).toEqual([]);
  });
});

describe('what was learned', () => {
  it('spares the next request the refusal: it goes without from the start', async () => {
    const { bench, first } = await worldOf(picky([...noContext]));
    await send(bench);
    await send(bench);
    expect(first.requests).toHaveLength(3);
    const [, repeated, next] = first.requests;
    expect(next?.body.equals(repeated?.body ?? Buffer.of())).toBe(true);
    expect(next?.header('anthropic-beta')).toBe(repeated?.header('anthropic-beta'));
  });

  it('is shown with the refusal that taught it, and told once in the log', async () => {
    const { bench, clock } = await worldOf(picky([...noEffort]));
    await send(bench);
    await send(bench);
    expect((await bench.provider('first')).learned).toEqual([
      {
        model: 'claude-sonnet-5-5',
        kind: 'field',
        name: 'output_config.effort',
        since: new Date(clock.now()).toISOString(),
        because: EFFORT,
      },
    ]);
    const told = bench.events.filter(({ type }) => type === 'provider.learned');
    expect(told).toMatchObject([{ provider: 'first', model: 'claude-sonnet-5-5' }]);
  });

  it('shows no key that the refusal repeats', async () => {
    const { bench } = await worldOf(
      picky([`${CONTEXT} (key secret-key-of-first)`, (body) => 'context_management' in body]),
    );
    await send(bench);
    const shown = JSON.stringify([await bench.provider('first'), bench.events]);
    expect(shown).toContain(CONTEXT);
    expect(shown).not.toContain('secret-key-of-first');
  });

  it('is tried again after a day', async () => {
    const { bench, clock, first } = await worldOf(picky([...noContext]));
    await send(bench);
    clock.advance(24 * 3600 * 1000);
    expect((await bench.provider('first')).learned).toEqual([]);
    first.setBehaviour(GOOD);
    await send(bench);
    expect(first.requests.at(-1)?.body.toString()).toBe(BODY);
  });

  it('is forgotten by hand, and by a reset it is not', async () => {
    const { bench, first } = await worldOf(picky([...noContext]));
    await send(bench);
    first.setBehaviour(GOOD);
    expect((await bench.post('/providers/first/reset')).status).toBe(200);
    await send(bench);
    expect(first.requests.at(-1)?.body.toString()).not.toBe(BODY);
    const answer = await bench.post('/providers/first/forget');
    expect([answer.status, answer.json()]).toMatchObject([
      200,
      { status: 'success', provider: { learned: [] } },
    ]);
    await send(bench);
    expect(first.requests.at(-1)?.body.toString()).toBe(BODY);
  });

  it('is forgotten when a reload gives the provider another address, and by no other reload', async () => {
    const { bench, first, second, file } = await worldOf(picky([...noContext]));
    await send(bench);
    await bench.reload({ ...file, settings: { failure_cooldown: 5 } });
    expect((await bench.provider('first')).learned).toHaveLength(1);
    await bench.reload({
      providers: [entry({ name: 'first', url: second.url }), entry({ name: 'second', url: first.url })],
    });
    expect((await bench.provider('first')).learned).toEqual([]);
  });

  it('survives a restart at the same address', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'balancer-learned-'));
    folders.push(folder);
    const settings = { state_file: join(folder, 'state.json') };
    const { bench, clock, first, file } = await worldOf(picky([...noContext]), { settings });
    await send(bench);
    clock.advance(1_000);
    await bench.until('the state file', () => existsSync(settings.state_file));
    const again = await balance(file, { clock });
    expect(await again.provider('first')).toMatchObject({ learned: [{ name: 'context_management' }] });
    await send(again);
    expect(first.requests).toHaveLength(3);
    expect(await readFile(settings.state_file, 'utf8')).not.toContain('secret-key');
  });
});
