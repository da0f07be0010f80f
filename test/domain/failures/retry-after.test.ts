import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { statedWindow } from '../../../src/domain/failures/retry-after.ts';
import { LONGEST_HINT_MS } from '../../../src/domain/failures/time-hint.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const SECONDS = NOW / 1000;

/** How long the window lasts, ms; undefined without one. */
function lasts(headers: readonly string[], body?: string): number | undefined {
  const window = statedWindow(headers, body, NOW);
  return window === undefined ? undefined : window.until - NOW;
}

describe('retry-after', () => {
  const rows: [value: string, ms: number | undefined][] = [
    ['1', 1000],
    ['30', 30_000],
    [' 30 ', 30_000],
    ['2.5', 2500],
    ['121180', 121_180_000],
    ['Sat, 21 Nov 2026 12:01:00 GMT', 60_000],
    ['Saturday, 21-Nov-26 12:01:00 GMT', 60_000],
    ['2026-11-21T12:01:00Z', 60_000],
    ['0', undefined],
    ['-5', undefined],
    ['soon', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
    ['1e3', undefined],
    ['', undefined],
    ['99999999999', undefined],
    ['31536001', undefined],
    ['Sat, 21 Nov 2026 11:00:00 GMT', undefined],
    ['Sat, 99 Nov 2026 11:00:00 GMT', undefined],
    ['Sat, 21 Nov 2099 11:00:00 GMT', undefined],
    ['monday', undefined],
  ];
  it.each(rows)('"%s" lasts %s ms', (value, ms) => {
    expect(lasts(['Retry-After', value])).toBe(ms);
  });

  it('a hint of days is kept uncapped', () => {
    expect(lasts(['retry-after', String(30 * 24 * 3600)])).toBe(30 * 24 * 3600 * 1000);
  });
  it('retry-after-ms is finer and stands above it; an unreadable one does not', () => {
    expect(lasts(['retry-after', '1', 'retry-after-ms', '250'])).toBe(250);
    expect(lasts(['retry-after', '1', 'retry-after-ms', '-250'])).toBe(1000);
    expect(statedWindow(['Retry-After-Ms', '250'], undefined, NOW)?.source).toBe('retry-after-ms');
  });
  it('speaks about the pair', () => {
    expect(statedWindow(['retry-after', '9'], '{}', NOW)).toEqual({
      until: NOW + 9000,
      scope: 'pair',
      source: 'retry-after',
    });
  });
});

describe('Buckets of anthropic-ratelimit-* and x-ratelimit-*', () => {
  const bucket = (family: string, remaining: string, reset: string) => [
    `anthropic-ratelimit-${family}-remaining`,
    remaining,
    `anthropic-ratelimit-${family}-reset`,
    reset,
  ];
  it('only a bucket with nothing remaining counts', () => {
    const full = bucket('requests', '12', '2026-11-21T12:10:00Z');
    const empty = bucket('tokens', '0', '2026-11-21T12:01:00Z');
    expect(lasts([...full, ...empty])).toBe(60_000);
    expect(lasts(full)).toBeUndefined();
    expect(statedWindow(empty, undefined, NOW)?.source).toBe('anthropic-ratelimit-tokens-reset');
  });
  it('of several empty ones the latest counts', () => {
    const first = bucket('input-tokens', '0', '2026-11-21T12:03:00Z');
    const second = bucket('output-tokens', '0', '2026-11-21T12:01:00Z');
    expect(lasts([...first, ...second])).toBe(180_000);
    expect(lasts([...second, ...first])).toBe(180_000);
  });
  it('a reset without its remaining, or in the past, is absent', () => {
    expect(lasts(['anthropic-ratelimit-tokens-reset', '2026-11-21T12:01:00Z'])).toBeUndefined();
    expect(lasts(bucket('tokens', '0', '2026-11-21T11:59:59Z'))).toBeUndefined();
    expect(lasts(bucket('tokens', '0', 'tomorrow'))).toBeUndefined();
  });

  const forms: [reset: string, ms: number | undefined][] = [
    ['1m30s', 90_000],
    ['20ms', 20],
    ['6m0s', 360_000],
    ['1.2s', 1200],
    ['1h2m3s', 3_723_000],
    ['45', 45_000],
    ['0.5', 500],
    [String(SECONDS + 60), 60_000],
    [String(NOW + 60_000), 60_000],
    ['2026-11-21T12:01:00Z', 60_000],
    ['2026-11-21T13:01:00+01:00', 60_000],
    ['0', undefined],
    ['0s', undefined],
    [String(SECONDS - 60), undefined],
    ['5 bananas', undefined],
    ['-5', undefined],
    ['999999999', undefined],
  ];
  it.each(forms)('x-ratelimit-reset "%s" lasts %s ms', (reset, ms) => {
    expect(lasts(['x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', reset])).toBe(ms);
    expect(lasts(['X-RateLimit-Reset', reset, 'X-RateLimit-Remaining', '0'])).toBe(ms);
    expect(lasts(['x-ratelimit-remaining-tokens', '7', 'x-ratelimit-reset-tokens', reset])).toBeUndefined();
  });
  it('retry-after stands above a bucket', () => {
    expect(lasts([...bucket('tokens', '0', '2026-11-21T12:10:00Z'), 'retry-after', '5'])).toBe(5000);
  });
  it('a bucket of the organization speaks about the provider', () => {
    const headers = ['x-ratelimit-remaining-organization', '0', 'x-ratelimit-reset-organization', '60'];
    expect(statedWindow(headers, undefined, NOW)?.scope).toBe('provider');
  });
});

describe('Unified windows of an account', () => {
  const unified = (fields: Record<string, string | number>) =>
    Object.entries(fields).flatMap(([field, value]) => [
      `Anthropic-Ratelimit-Unified-${field}`,
      String(value),
    ]);
  const read = (fields: Record<string, string | number>, more: string[] = []) =>
    statedWindow([...unified(fields), ...more], undefined, NOW);

  it('status is the only authority', () => {
    expect(
      read({ status: 'allowed', reset: SECONDS + 60, '5h-status': 'rejected', '5h-utilization': 1.02 }),
    ).toBeUndefined();
    expect(read({ status: 'allowed_warning', reset: SECONDS + 60 })).toBeUndefined();
    expect(read({ '5h-status': 'rejected', '5h-reset': SECONDS + 60 })).toBeUndefined();
  });
  it('the latest reset among the rejected windows ends it', () => {
    const window = read({
      status: 'rejected',
      reset: SECONDS + 100,
      '5h-status': 'rejected',
      '5h-reset': SECONDS + 100,
      '7d-status': 'rejected',
      '7d-reset': SECONDS + 9000,
    });
    expect(window).toEqual({
      until: NOW + 9_000_000,
      scope: 'provider',
      source: 'anthropic-ratelimit-unified-7d-reset',
    });
  });
  it('a window that is allowed does not count, however late it resets', () => {
    const window = read({
      status: 'rejected',
      '5h-status': 'rejected',
      '5h-reset': SECONDS + 100,
      '7d-status': 'allowed',
      '7d-reset': SECONDS + 9000,
    });
    expect(window).toMatchObject({ until: NOW + 100_000, scope: 'provider' });
  });
  it('a window of one model speaks about the pair', () => {
    const window = read({
      status: 'rejected',
      'representative-claim': 'seven_day_opus',
      reset: SECONDS + 50,
      '5h-status': 'allowed',
      '7d-status': 'allowed',
      '7d_opus-status': 'rejected',
      '7d_opus-reset': SECONDS + 70,
    });
    expect(window).toMatchObject({ until: NOW + 70_000, scope: 'pair' });
  });
  it('overage alone speaks about the pair; beside a window of the plan it does not lengthen the wait', () => {
    const overage = { 'overage-status': 'rejected', 'overage-reset': SECONDS + 900_000 };
    expect(
      read({ status: 'rejected', '5h-status': 'allowed', '7d-status': 'allowed', ...overage }),
    ).toMatchObject({ until: NOW + 900_000_000, scope: 'pair' });
    expect(
      read({ status: 'rejected', '5h-status': 'rejected', '5h-reset': SECONDS + 100, ...overage }),
    ).toMatchObject({ until: NOW + 100_000, scope: 'provider' });
  });
  it('without windows the top reset holds, and the claim tells the scope', () => {
    const reset = SECONDS + 100;
    expect(read({ status: 'rejected', reset, 'representative-claim': 'five_hour' })).toMatchObject({
      until: NOW + 100_000,
      scope: 'provider',
    });
    expect(read({ status: 'rejected', reset, 'representative-claim': 'seven_day_sonnet' })?.scope).toBe(
      'pair',
    );
    expect(read({ status: 'rejected', reset })?.scope).toBe('pair');
  });
  it('without any reset it is 60 s', () => {
    expect(read({ status: 'rejected' })).toMatchObject({ until: NOW + 60_000 });
    expect(read({ status: 'rate_limited', reset: 'later' })).toMatchObject({ until: NOW + 60_000 });
  });
  it('retry-after gives the time, the windows give the scope', () => {
    const fields = { status: 'rejected', '5h-status': 'rejected', '5h-reset': SECONDS + 100 };
    expect(read(fields, ['retry-after', '7999'])).toEqual({
      until: NOW + 7_999_000,
      scope: 'provider',
      source: 'retry-after',
    });
  });
});

describe('A reset time in the body', () => {
  const rows: [body: string, ms: number | undefined][] = [
    [`{"error":{"resets_at": ${SECONDS + 60}}}`, 60_000],
    [`{"resetsAt":${NOW + 60_000}}`, 60_000],
    ['{"reset_at":"2026-11-21T12:01:00Z"}', 60_000],
    ['{"error":{"retry_after": 12}}', 12_000],
    ['{"retry_after_ms": 1500}', 1500],
    ['{"retryAfter":"3.5"}', 3500],
    ['{"resets_in_seconds": 90}', 90_000],
    ['{"error":{"details":[{"@type":"…RetryInfo","retryDelay":"34s"}]}}', 34_000],
    ['{"quotaResetDelay":"1h2m3s"}', 3_723_000],
    [
      `{"error":{"metadata":{"headers":{"X-RateLimit-Reset":"${NOW + 60_000}","X-RateLimit-Remaining":"0"}}}}`,
      60_000,
    ],
    [`{"error":{"message":"{\\"retry_after\\": 7}"}}`, 7000],
    ['Please try again in 20s.', 20_000],
    ['Rate limit reached. Please try again in 7.66s. Visit …', 7660],
    ['Please try again in 1m30s', 90_000],
    ['try again in 6m0s', 360_000],
    ['Try again in 250ms', 250],
    ['Please retry after 5 seconds', 5000],
    ['Please wait 30 seconds before retrying', 30_000],
    ['retry in 2 minutes', 120_000],
    ['Your limit resets in 2 hours and 5 minutes', 7_500_000],
    ['Your quota will reset at 2026-11-21 12:01:00 UTC', 60_000],
    ['Your limit will reset at 2026-11-21T12:01:00Z.', 60_000],
    ['You will regain access on 2026-11-22 at 00:00 UTC.', 43_200_000],
    ['available again at 2026-11-21 13:01:00+01:00', 60_000],
    ['您的限额将在 2026-11-21 20:01:00 重置', 60_000],
    ['请求过于频繁，请在 20 秒后重试', 20_000],
    ['请 5 分钟后再试', 300_000],
    [`Claude AI usage limit reached|${SECONDS + 60}`, 60_000],
    ['{"retry_after": 0}', undefined],
    ['{"retry_after": -3}', undefined],
    ['{"retry_after": "soon"}', undefined],
    ['{"resets_at": 1000000001}', undefined],
    ['{"resets_at": 99999999999}', undefined],
    ['try again in 0 seconds', undefined],
    ['try again in 800 days', undefined],
    ['Please try again later', undefined],
    ['Your quota was reset at 2025-11-21 12:00:00 UTC', undefined],
    ['{"error":{"message":"Too many requests","code":429}}', undefined],
    ['Limit 60, Used 60, Requested 1', undefined],
    ['', undefined],
  ];
  it.each(rows)('%s lasts %s ms', (body, ms) => {
    expect(lasts([], body)).toBe(ms);
  });
  it('headers stand above the body', () => {
    expect(lasts(['retry-after', '5'], '{"retry_after": 12}')).toBe(5000);
  });
  it('a field that is not readable leaves room for a sentence', () => {
    expect(lasts([], '{"retry_after": 0, "message": "try again in 20s"}')).toBe(20_000);
  });
});

describe('Whom a window speaks about', () => {
  const scope = (message: string) =>
    statedWindow(['retry-after', '9'], JSON.stringify({ error: { message } }), NOW)?.scope;
  it('an account or organization that is named, without a model, is the provider', () => {
    expect(scope("This request would exceed your organization's rate limit of 50 requests per minute")).toBe(
      'provider',
    );
    expect(scope('Your account has reached its rate limit')).toBe('provider');
    expect(scope('account-level rate limit')).toBe('provider');
    expect(scope('该账户已达到速率限制')).toBe('provider');
  });
  it('a limit of one model stays with the pair', () => {
    expect(scope("This would exceed your organization's rate limit (org: x, model: claude-opus-5-5)")).toBe(
      'pair',
    );
    expect(scope('Rate limit reached for gpt-9 in organization org-x on tokens per min')).toBe('pair');
    expect(scope('Too many requests. See https://host/account/limits')).toBe('pair');
    expect(scope('您的请求过于频繁')).toBe('pair');
  });
});

describe('Whatever comes', () => {
  const names = fc.constantFrom(
    'retry-after',
    'retry-after-ms',
    'x-ratelimit-reset',
    'x-ratelimit-remaining',
    'anthropic-ratelimit-tokens-reset',
    'anthropic-ratelimit-tokens-remaining',
    'anthropic-ratelimit-unified-status',
    'anthropic-ratelimit-unified-reset',
    'anthropic-ratelimit-unified-5h-status',
    'anthropic-ratelimit-unified-5h-reset',
  );
  const values = fc.oneof(
    fc.string(),
    fc.double().map(String),
    fc.integer().map(String),
    fc.constantFrom('0', 'rejected', '1m30s', '1760000000', 'NaN', '9'.repeat(15), '9'.repeat(400)),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  );
  const headers = fc.array(fc.tuple(names, values)).map((pairs) => pairs.flat());
  const bodies = fc.oneof(
    fc.string(),
    values.map((value) => `{"retry_after": "${value}", "resets_at": ${value}} try again in ${value}`),
  );

  it('a window lies in the future, within a year, in whole ms', () => {
    fc.assert(
      fc.property(headers, bodies, fc.integer({ min: 0, max: 4e12 }), (list, body, now) => {
        const window = statedWindow(list, body, now);
        if (window === undefined) return;
        expect(Number.isSafeInteger(window.until)).toBe(true);
        expect(window.until).toBeGreaterThan(now);
        expect(window.until - now).toBeLessThanOrEqual(LONGEST_HINT_MS);
        expect(window.source).not.toBe('');
      }),
    );
  });
  it('a header list of odd length is read as far as it goes', () => {
    expect(lasts(['retry-after'])).toBeUndefined();
    expect(lasts(['retry-after', '3', 'x'])).toBe(3000);
  });
  it('a long hostile body yields nothing', () => {
    for (const piece of [
      '"resets_at":',
      'try again in ',
      '1d',
      '1m1s',
      'reset ',
      '2026-11-21 ',
      '\\"retry_after',
      'your account ',
    ])
      expect(statedWindow([], piece.repeat(20_000), NOW)).toBeUndefined();
  });
});
