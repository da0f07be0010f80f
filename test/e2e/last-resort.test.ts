import { describe } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { scenario } from '../../src/simulator/scenarios.ts';
import { entry } from './support/balancer.ts';
import { ANSWER } from './support/failover.ts';
import { scene } from './support/stage.ts';

/** The client's own retries are off: what it prints is what the balancer said to the only request. */
const ONCE = { env: { CLAUDE_CODE_MAX_RETRIES: '0' } };
const SICK_MS = 10_000;

describe('With nobody left', () => {
  scene.concurrent('the user reads which providers failed, and why', async ({ stage, expect }) => {
    const broken = await stage.provider({ name: 'broken', behaviour: scenario('bad_gateway').behaviour });
    const empty = await stage.provider({ name: 'empty', behaviour: scenario('payment_required').behaviour });
    const gone = await stage.provider({ name: 'gone', behaviour: scenario('connection_error').behaviour });
    const balancer = await stage.balancer({
      providers: [entry('broken', broken.url), entry('empty', empty.url), entry('gone', gone.url)],
      settings: { hold_while_cooling: 0 },
    });
    const result = await stage.claude(balancer.url, ONCE);

    expect(result.code).toBe(1);
    expect(balancer.tap.requests).toHaveLength(1);
    expect(result.stdout).toContain('API Error: 503');
    expect(result.stdout).toMatch(/broken.*502/);
    expect(result.stdout).toMatch(/empty.*402/);
    expect(result.stdout).toMatch(/gone.*reset/);
  });

  scene.concurrent.for([
    'invalid x-api-key',
    'Your credit balance is too low to access the Anthropic API.',
    'prompt is too long: 210000 tokens > 200000 maximum',
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
    'A maximum of 100 PDF pages may be provided.',
  ])('the user reads who failed, whatever words it used: %s', async (words, { stage, expect }) => {
    const body = { type: 'error', error: { type: 'authentication_error', message: words } };
    const only = await stage.provider({ name: 'only', behaviour: { kind: 'http', status: 401, body } });
    const balancer = await stage.balancer({
      providers: [entry('only-reseller', only.url)],
      settings: { hold_while_cooling: 0 },
    });
    const result = await stage.claude(balancer.url, ONCE);
    expect(result.stdout).toMatch(/API Error: 503 .*only-reseller.*401/);
  });

  scene.concurrent('a hint of an hour does not end the user’s turn', async ({ stage, expect }) => {
    const limited = await stage.provider({ name: 'limited', behaviour: scenario('rate_limit').behaviour });
    const balancer = await stage.balancer({
      providers: [entry('limited', limited.url)],
      settings: { hold_while_cooling: 0 },
    });
    const result = await stage.claude(balancer.url, { env: { CLAUDE_CODE_MAX_RETRIES: '1' } });

    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/limited .*rate limited/);
    // Above a minute the client would have given up without its second try.
    expect(balancer.tap.requests).toHaveLength(2);
    expect(limited.requests).toHaveLength(1);
  });

  scene.concurrent('a refusal arrives in its own words, before any outage', async ({ stage, expect }) => {
    const down = await stage.provider({
      name: 'down',
      behaviour: scenario('internal_server_error').behaviour,
    });
    const words = 'the strange wording of a refusal';
    const refusing = await stage.provider({
      name: 'refusing',
      behaviour: {
        kind: 'http',
        status: 422,
        body: { type: 'error', error: { type: 'invalid_request_error', message: words } },
      },
    });
    const balancer = await stage.balancer({
      providers: [entry('down', down.url), entry('refusing', refusing.url)],
    });
    const result = await stage.claude(balancer.url, ONCE);

    expect(result).toMatchObject({ code: 1, stdout: expect.stringContaining(`API Error: 422 ${words}`) });
  });

  scene.concurrent('what no provider could accept is asked of one only', async ({ stage, expect }) => {
    const first = await stage.provider({ name: 'first', behaviour: scenario('orphaned_tool_use').behaviour });
    const second = await stage.provider({ name: 'second', behaviour: { kind: 'message' } });
    const balancer = await stage.balancer({
      providers: [entry('first', first.url), entry('second', second.url)],
    });
    const result = await stage.claude(balancer.url, ONCE);

    expect(result.code).toBe(1);
    // The client knows this wording and has its own for it.
    expect(result.stdout).toContain('API Error: 400 due to tool use concurrency issues.');
    expect(second.requests).toHaveLength(0);
  });
});

describe('A provider that is alone', () => {
  scene.concurrent(
    'and comes back after ten seconds costs the user one request',
    async ({ stage, expect }) => {
      let downUntil: number | undefined;
      const answer = (): Behaviour => {
        downUntil ??= Date.now() + SICK_MS;
        return Date.now() < downUntil
          ? scenario('connection_error').behaviour
          : { kind: 'message', text: ANSWER };
      };
      const alone = await stage.provider({ name: 'alone', behaviour: answer });
      const balancer = await stage.balancer({ providers: [entry('alone', alone.url)] });
      const result = await stage.claude(balancer.url, ONCE);

      expect(result).toEqual({ code: 0, stdout: `${ANSWER}\n`, stderr: '' });
      expect(balancer.tap.requests).toHaveLength(1);
      const { trace } = await balancer.events.next('request.ended');
      expect(trace.attempts.at(0)?.outcome?.kind).toBe('unreachable');
      expect(trace.attempts.at(-1)?.outcome?.kind).toBe('success');
    },
  );

  scene.concurrent('and silent for a while is waited for with pings', async ({ stage, expect }) => {
    const slow = await stage.provider({
      name: 'slow',
      behaviour: { kind: 'message', text: ANSWER, headDelayMs: 4_000 },
    });
    const balancer = await stage.balancer({
      providers: [entry('slow', slow.url)],
      settings: { ping_interval: 1 },
    });
    const result = await stage.claude(balancer.url, ONCE);

    expect(result).toEqual({ code: 0, stdout: `${ANSWER}\n`, stderr: '' });
    expect(balancer.tap.requests).toHaveLength(1);
  });
});
