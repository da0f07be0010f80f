import { describe, expect, it } from 'vitest';
import type { AttemptTrace, ConsideredCandidate } from '../../../src/domain/decision/trace.ts';
import type { Failure } from '../../../src/domain/failures/outcome.ts';
import type { Availability } from '../../../src/domain/health/availability.ts';
import {
  type ExhaustionFacts,
  emptyPool,
  exhausted,
  noRoute,
  notServed,
  unknownPin,
} from '../../../src/domain/refusal/refusal.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const MODEL = 'claude-opus-5-5';
let number = 0;

function candidate(provider: string, model = MODEL) {
  return { provider, model, route: '*', priority: 1, weight: 1 };
}

function attempt(provider: string, failure: Partial<Failure>, tookMs = 1200, model = MODEL): AttemptTrace {
  number += 1;
  return {
    number,
    candidate: candidate(provider, model),
    mode: 'normal',
    round: 1,
    startedAt: NOW - tookMs,
    endedAt: NOW,
    outcome: { kind: 'server_error', phase: 'headers', detail: '500 (empty body)', ...failure },
  };
}

function untried(provider: string, availability: Availability): ConsideredCandidate {
  return { candidate: candidate(provider), availability, tried: false };
}

const cooling = (
  afterMs: number,
  cause: Failure['kind'],
  basis: 'suspicion' | 'certain' | 'window',
): Availability => ({ kind: 'cooling', until: NOW + afterMs, cause, basis });

const give = (facts: Partial<ExhaustionFacts>) =>
  exhausted({ attempts: [], considered: [], now: NOW, requestId: 'req-7', ...facts });

describe('When all candidates failed', () => {
  it('the whole story is told, a sentence an attempt', () => {
    const error = give({
      attempts: [
        attempt('GAC', { kind: 'overloaded', detail: '529 overloaded_error: Overloaded.' }),
        attempt('anyrouter', { kind: 'unreachable', phase: 'connect', detail: 'connection refused' }, 90),
      ],
      considered: [
        {
          candidate: candidate('GAC'),
          availability: cooling(42_000, 'overloaded', 'suspicion'),
          tried: true,
        },
        untried('backup', cooling(5_400_000, 'rate_limited', 'window')),
        untried('old', { kind: 'disabled' }),
      ],
      earliestReturn: NOW + 42_000,
    });
    expect(error.status).toBe(503);
    expect(error.type).toBe('api_error');
    expect(error.message).toBe(
      'No provider could answer. ' +
        'GAC: 529 overloaded_error: Overloaded, while waiting for its answer, after 1.2 s. ' +
        'anyrouter: connection refused, while connecting, after 0.1 s. ' +
        'Not tried: backup (cooling until 13:30:00 UTC: it is rate limited and named the time itself), old (switched off). ' +
        'The earliest return is GAC at 12:00:42 UTC, in 42 s. ' +
        'Request req-7',
    );
    expect(JSON.parse(error.body)).toEqual({
      type: 'error',
      error: { type: 'api_error', message: error.message },
      request_id: 'req-7',
    });
    expect(error.headers).toEqual(['content-type', 'application/json', 'retry-after', '42']);
  });

  it('retry-after is given up to 60 s and never above', () => {
    const attempts = [attempt('A', {})];
    const seconds = (ms: number) => give({ attempts, earliestReturn: NOW + ms }).headers.slice(2);
    expect(seconds(59_001)).toEqual(['retry-after', '60']);
    expect(seconds(60_000)).toEqual(['retry-after', '60']);
    expect(seconds(60_001)).toEqual([]);
    expect(seconds(1)).toEqual(['retry-after', '1']);
    expect(give({ attempts }).headers.slice(2)).toEqual([]);
  });

  it('nothing is retried if only a person can mend it', () => {
    const error = give({
      attempts: [
        attempt('A', { kind: 'credentials', detail: '401' }),
        attempt('B', { kind: 'quota', detail: '402' }),
        attempt('C', { kind: 'model_missing', detail: '404' }),
      ],
      considered: [untried('D', cooling(30_000, 'quota', 'certain')), untried('E', { kind: 'disabled' })],
      earliestReturn: NOW + 30_000,
    });
    expect(error.headers.slice(2)).toEqual(['x-should-retry', 'false']);
    expect(error.message).toContain('This does not mend itself');
  });

  it('one candidate that may come back is enough to retry', () => {
    const hopeless = attempt('A', { kind: 'credentials' });
    const headers = (facts: Partial<ExhaustionFacts>) => give(facts).headers;
    expect(headers({ attempts: [hopeless, attempt('B', {})] })).not.toContain('x-should-retry');
    expect(
      headers({ attempts: [hopeless], considered: [untried('B', cooling(9e6, 'rate_limited', 'window'))] }),
    ).not.toContain('x-should-retry');
    expect(
      headers({ attempts: [hopeless], considered: [untried('B', { kind: 'trial_running' })] }),
    ).not.toContain('x-should-retry');
    const window = { until: NOW + 9e6, scope: 'pair', source: 'retry-after' } as const;
    expect(headers({ attempts: [attempt('A', { kind: 'quota', window })] })).not.toContain('x-should-retry');
  });

  it('the last attempt of a candidate speaks for it', () => {
    const passing = attempt('A', {});
    const lasting = attempt('A', { kind: 'credentials' });
    expect(give({ attempts: [passing, lasting] }).headers).toContain('x-should-retry');
    expect(give({ attempts: [lasting, passing] }).headers).not.toContain('x-should-retry');
  });

  it('a burst whose provider forbids retries is not retried', () => {
    expect(give({ attempts: [attempt('A', { kind: 'burst_limited', noRetry: true })] }).headers).toContain(
      'x-should-retry',
    );
  });

  it('repetitions are short, and many attempts stay readable', () => {
    const attempts = Array.from({ length: 30 }, () => attempt('A', { detail: 'x'.repeat(300) }));
    const { message } = give({ attempts });
    expect(message).toContain('A again: the same, after 1.2 s.');
    expect(message).toContain('10 more attempts failed.');
    expect(message.length).toBeLessThan(1200);
  });

  it('the model is named where one provider was asked for several', () => {
    const { message } = give({
      attempts: [attempt('A', {}), attempt('A', {}, 10, 'other-model'), attempt('B', {})],
    });
    expect(message).toContain('A with claude-opus-5-5: ');
    expect(message).toContain('A with other-model: ');
    expect(message).toContain(' B: ');
  });

  it('no credential, no user part and no line break gets through', () => {
    const { message, body } = give({
      attempts: [
        attempt('A', {
          detail: '401: key sk-ant-api03-secretsecret\nat https://me:pw12@host/v1 \u001b[31mred',
        }),
      ],
    });
    expect(`${message}${body}`).not.toMatch(/secretsecret|pw12|\p{Cc}|\\u001b/u);
    expect(message).toContain('https://host/v1');
  });

  it.each([
    ['invalid x-api-key', 'invalid API key'],
    ['Your credit balance is too low to go on', 'Your credit balance too low to go on'],
    ['prompt is too long: 9 tokens > 8 maximum', 'the prompt does not fit: 9 tokens > 8 maximum'],
    [
      'input length and `max_tokens` exceed context limit: 1 + 2 > 3',
      'input length and `max_tokens` do not fit into the context: 1 + 2 > 3',
    ],
    ['A maximum of 100 PDF pages may be provided', 'A maximum of 100 pages of a PDF may be provided'],
  ])('words that make Claude Code hide who failed are put otherwise: %s', (detail, shown) => {
    expect(give({ attempts: [attempt('GAC', { detail })] }).message).toContain(`GAC: ${shown}`);
  });

  it('provider text is at most 300 characters', () => {
    const { message } = give({ attempts: [attempt('A', { detail: `500: ${'long '.repeat(2000)}` })] });
    expect(message.length).toBeLessThan(420);
  });

  it('times are shown in the reader’s zone where it is known, with the date where it is another day', () => {
    const attempts = [attempt('A', {})];
    const local = give({ attempts, earliestReturn: NOW + 42_000, utcOffsetMinutes: 480 });
    expect(local.message).toContain('at 20:00:42, in 42 s');
    const far = give({ attempts, earliestReturn: NOW + 36 * 3_600_000 });
    expect(far.message).toContain('at 2026-11-23 00:00:00 UTC, in 36 h');
  });

  it('when none was tried it says so', () => {
    const error = give({ considered: [untried('A', cooling(120_000, 'stalled', 'suspicion'))] });
    expect(error.message).toBe(
      'No provider could be tried. Not tried: A (cooling until 12:02:00 UTC: it stalls). Request req-7',
    );
  });
});

describe('When nobody can be asked', () => {
  it('an empty pool says why and what to do, and is not retried', () => {
    const error = emptyPool({
      unusable: [
        { provider: 'A', reason: 'switched off' },
        { provider: 'B', reason: 'auth_value is empty.' },
      ],
      requestId: 'r',
    });
    expect(error.status).toBe(503);
    expect(error.message).toContain(
      'No provider can be used. A: switched off; B: auth_value is empty. Enable',
    );
    expect(error.headers).toContain('x-should-retry');
    expect(emptyPool({ unusable: [], requestId: 'r' }).message).toContain('No provider is configured.');
    expect(emptyPool({ model: 'm', unusable: [], requestId: 'r' }).message).toContain('for the model "m"');
  });
  it('a model that nobody serves is 404 and says where it would be named', () => {
    const error = notServed('gpt-9', ['A', 'B'], 'r');
    expect([error.status, error.type]).toEqual([404, 'not_found_error']);
    expect(error.message).toBe(
      'None of these providers serves the model "gpt-9": A, B. Add it to available_models of one of them in the configuration file, or choose another model. Request r',
    );
  });

  it('a model without route is 404 not_found_error', () => {
    const error = noRoute('gpt-9', ['*opus*', '*sonnet*'], 'r');
    expect([error.status, error.type]).toEqual([404, 'not_found_error']);
    expect(error.message).toContain('"gpt-9". Routes exist for *opus*, *sonnet*.');
    expect(JSON.parse(error.body).error.message).toBe(error.message);
  });
  it('an unknown provider is 404 not_found_error and names those in use', () => {
    const error = unknownPin('Nope', { unusable: [], known: ['A', 'B'], requestId: 'r' });
    expect([error.status, error.type]).toEqual([404, 'not_found_error']);
    expect(error.message).toContain('There is no provider "Nope"');
    expect(error.message).toContain('Providers in use: A, B.');
    const unusable = [{ provider: 'A#x@y', reason: 'it has no credential.' }];
    expect(unknownPin('A', { unusable, known: [], requestId: 'r' }).message).toContain(
      'The provider "A" that this request asks for can\'t be used: it has no credential.',
    );
    const two = [...unusable, { provider: 'A#z@y', reason: 'switched off' }];
    expect(unknownPin('A', { unusable: two, known: [], requestId: 'r' }).message).toContain(
      "can't be used: A#x@y: it has no credential; A#z@y: switched off.",
    );
  });
  it('a long list of names is cut, and a hostile name is tamed', () => {
    const patterns = Array.from({ length: 40 }, (_, index) => `m${index}`);
    expect(noRoute('x\n\u001b[2J'.repeat(500), patterns, 'r').message.length).toBeLessThan(500);
    expect(noRoute('x', patterns, 'r').message).toContain('and 28 more');
  });
});
