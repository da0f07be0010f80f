import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { HttpEvent } from '../../src/http/events.ts';
import { wantsColor } from '../../src/telemetry/console-line.ts';
import type { BalancerEvent } from '../../src/telemetry/events.ts';
import { NO_FILE, start } from './console.ts';
import { FACTS, ONE_OF_EACH, RATE_LIMITED, SERVED } from './events.ts';

describe('log on a terminal', () => {
  it('writes each event as one readable line', () => {
    const { log, out } = start({ level: 'debug' });
    for (const event of ONE_OF_EACH) log.observe(event);
    expect(out.text).toMatchInlineSnapshot(`
      "20:00:00 INFO  Listening on http://127.0.0.1:9090
      20:00:00 INFO  Draining: 1 request still running
      20:00:00 INFO  Stopped
      20:00:00 INFO  Configuration with 2 providers from /etc/providers.yaml
      20:00:00 INFO  Configuration reloaded: added 云雾; changed GAC, AnyRouter; settings log_level, auth; other routes
      20:00:00 ERROR Configuration rejected, the running one stays: providers.yaml:3: type must be one of anthropic, openai, zed
      20:00:00 WARN  request_timeout is ignored
      20:00:00 DEBUG req_3f2a1b2c Received claude-opus-5-5 · stream · 49.2 KB · session 1b2c3d4e · “Write a poem”
      20:00:00 DEBUG req_3f2a1b2c Attempt 1 at GAC/claude-opus-5-5 failed after 300 ms: rate_limited, 429 rate_limit_error: slow down
      20:00:00 WARN  req_3f2a1b2c The provider "X" is pinned.
      20:00:00 WARN  req_9 413 for /v1/messages: too large
      20:00:00 INFO  req_3f2a1b2c claude-opus-5-5 → AnyRouter/claude-opus-5-5 · GAC ✗ 429 → AnyRouter ✓ · 200 · first 812 ms · 4.2 s · 12.3k in (+11.0k cached), 1.2k out · session 1b2c3d4e
      20:00:00 WARN  req_3f2a1b2c GAC: degraded → cooling until 20:01:00 · 2nd counted failure · server_error in headers, 502 Bad Gateway
      20:00:00 INFO  GAC, model claude-opus-5-5: cooling → healthy · operator reset
      20:00:00 INFO  req_3f2a1b2c GAC, claude-opus-5-5: goes without beta effort-2025-11-24 from now on · Unexpected value(s)
      20:00:00 INFO  req_3f2a1b2c OpenRouter, gpt-6: takes max_tokens=16384 from now on · max_tokens is too large
      20:00:00 WARN  req_3f2a1b2c OpenRouter, gpt-6: requests go there without the tool web_search_20250305, which only Anthropic runs
      20:00:00 INFO  GAC: disable by hand
      20:00:00 WARN  req_8 Refused /v1/messages: Invalid API key.
      20:00:00 WARN  ANTHROPIC_BASE_URL should not end in /v1.
      20:00:00 WARN  health.json is broken and was left aside
      20:00:00 WARN  Tokens could not be counted.
      20:00:00 ERROR POST /v1/messages failed. TypeError: x is undefined
      "
    `);
  });

  it('tells how a request ended badly', () => {
    const { log, out } = start();
    const failed = { ...SERVED.trace, attempts: SERVED.trace.attempts.slice(0, 1) };
    const { provider: _, model: __, usage: ___, timeToFirstContentMs: ____, ...rest } = SERVED;
    log.observe({
      ...rest,
      result: 'exhausted',
      status: 503,
      trace: failed,
      error: 'No provider could answer.',
    });
    log.observe({ ...rest, result: 'cancelled', status: 0, trace: { decisions: [], attempts: [] } });
    expect(out.lines()).toMatchInlineSnapshot(`
      [
        "20:00:00 ERROR req_3f2a1b2c claude-opus-5-5 · GAC ✗ 429 · exhausted 503 · 4.2 s · session 1b2c3d4e · No provider could answer.",
        "20:00:00 INFO  req_3f2a1b2c claude-opus-5-5 · cancelled without answer · 4.2 s · session 1b2c3d4e",
      ]
    `);
  });

  it('keeps to one line and gives a terminal no commands, whatever a provider writes', () => {
    const { log, out } = start();
    const detail = 'a\nb\u001b[2Jc\u009bd';
    log.observe({ ...changed(), cause: { ...RATE_LIMITED, detail } });
    expect(out.lines()).toHaveLength(1);
    expect(out.text).toContain('a b [2Jc d');
  });

  it('paints level, time and id when asked to', () => {
    const { log, out } = start({ color: true });
    log.observe(SERVED);
    expect(out.text).toContain(
      '\u001b[2m20:00:00\u001b[0m \u001b[32mINFO \u001b[0m \u001b[2mreq_3f2a1b2c\u001b[0m claude-opus-5-5 → ',
    );
  });

  it('is painted only on a terminal, with log_color, and without NO_COLOR', () => {
    expect(wantsColor(true, true, {})).toBe(true);
    expect(wantsColor(false, true, {})).toBe(false);
    expect(wantsColor(true, false, {})).toBe(false);
    expect(wantsColor(true, true, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColor(true, true, { NO_COLOR: '' })).toBe(true);
    expect(wantsColor(true, true, { TERM: 'dumb' })).toBe(false);
  });
});

describe('log as JSON', () => {
  it('is one object a line with level, time and zone, event, request id, data and message', () => {
    const { log, out } = start({ format: 'json' });
    log.observe(SERVED);
    expect(JSON.parse(out.text)).toMatchInlineSnapshot(`
      {
        "attempts": [
          {
            "mode": "normal",
            "model": "claude-opus-5-5",
            "outcome": {
              "detail": "429 rate_limit_error: slow down",
              "kind": "rate_limited",
              "phase": "headers",
              "status": 429,
            },
            "provider": "GAC",
          },
          {
            "mode": "normal",
            "model": "claude-opus-5-5",
            "outcome": {
              "kind": "success",
            },
            "provider": "AnyRouter",
          },
        ],
        "bytes": 49152,
        "duration_ms": 4210,
        "endpoint": "messages",
        "event": "request.ended",
        "level": "info",
        "message": "claude-opus-5-5 → AnyRouter/claude-opus-5-5 · GAC ✗ 429 → AnyRouter ✓ · 200 · first 812 ms · 4.2 s · 12.3k in (+11.0k cached), 1.2k out · session 1b2c3d4e",
        "model": "claude-opus-5-5",
        "provider": "AnyRouter",
        "provider_model": "claude-opus-5-5",
        "request_id": "req_3f2a1b2c9d8e",
        "result": "served",
        "session": "1b2c3d4e-0000-4000-8000-000000000000",
        "status": 200,
        "stream": true,
        "time": "2025-08-08T20:00:00.123+08:00",
        "time_to_first_content_ms": 812,
        "usage": {
          "cacheReadTokens": 11000,
          "inputTokens": 12345,
          "outputTokens": 1234,
        },
      }
    `);
  });

  it('names a type for every event', () => {
    const { log, out } = start({ format: 'json', level: 'debug' });
    for (const event of ONE_OF_EACH) log.observe(event);
    const events = out.lines().map((line) => JSON.parse(line).event);
    expect(events).toEqual(ONE_OF_EACH.map(({ type }) => type));
  });

  it('takes what HTTP tells as it is', () => {
    const { log, out } = start({ format: 'json' });
    const observe: (event: HttpEvent) => void = log.observe;
    observe({ type: 'request.rejected', requestId: 'req_9', path: '/v1/messages', status: 413, reason: 'r' });
    expect(JSON.parse(out.text)).toMatchObject({
      event: 'request.rejected',
      level: 'warn',
      request_id: 'req_9',
      status: 413,
    });
  });

  it('keeps the stack of a fault', () => {
    const { log, out } = start({ format: 'json' });
    log.observe({ type: 'fault', message: 'It failed.', error: new TypeError('boom'), requestId: 'req_1' });
    expect(JSON.parse(out.text)).toMatchObject({
      level: 'error',
      request_id: 'req_1',
      error: { name: 'TypeError', message: 'boom', stack: expect.stringContaining('log.test.ts') },
    });
  });
});

describe('log level', () => {
  it('keeps arrivals, with their preview, for debug', () => {
    const { log, out } = start({ format: 'json' });
    const event: BalancerEvent = { type: 'request.received', request: FACTS, preview: 'Write a poem' };
    log.observe(event);
    expect(out.text).toBe('');
    log.configure({ level: 'debug', color: false, ...NO_FILE });
    log.observe(event);
    expect(JSON.parse(out.text)).toMatchObject({ level: 'debug', preview: 'Write a poem' });
  });

  it('shows the preview on a terminal too, for debug only', () => {
    const { log, out } = start({ format: 'text' });
    const event: BalancerEvent = { type: 'request.received', request: FACTS, preview: 'Write\u001b a poem' };
    log.observe(event);
    expect(out.text).toBe('');
    log.configure({ level: 'debug', color: false, ...NO_FILE });
    log.observe(event);
    expect(out.text).toMatch(/Received .* · “Write.* a poem”\n$/);
    expect(out.text).not.toContain('\u001b');
  });

  it('can be raised while running', () => {
    const { log, out } = start();
    log.configure({ level: 'error', color: false, ...NO_FILE });
    log.observe(SERVED);
    expect(out.text).toBe('');
  });
});

describe('secrets', () => {
  it('are struck out of every line by their value, in both forms', () => {
    for (const format of ['text', 'json'] as const) {
      const { log, out } = start({ format });
      const detail = '401 {"message":"invalid key sk-secret"}';
      log.observe({ ...changed(), cause: { ...RATE_LIMITED, detail } });
      log.observe({ type: 'fault', message: 'm', error: new Error('with sk-secret') });
      expect(out.lines()).toHaveLength(2);
      expect(out.text).not.toContain('sk-secret');
      expect(out.text).toContain('[redacted]');
    }
  });
});

describe('a console that breaks', () => {
  it('takes nothing down with it', async () => {
    const broken = new Writable({
      write(_chunk, _encoding, done) {
        done(new Error('EPIPE'));
      },
    });
    const { log } = start({ console: broken });
    const closed = new Promise((resolve) => broken.once('close', resolve));
    log.observe(SERVED);
    await closed;
    expect(() => log.observe(SERVED)).not.toThrow();
  });
});

function changed(): Extract<BalancerEvent, { type: 'health.changed' }> {
  return {
    type: 'health.changed',
    provider: 'GAC',
    scope: 'provider',
    from: 'healthy',
    to: 'cooling',
    rule: 'r',
  };
}
