import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readErrorBody } from '../../../src/domain/failures/error-body.ts';
import { errorBody, errorTypeOf, statusOfError } from '../../../src/domain/refusal/error-envelope.ts';

describe('Statuses and types', () => {
  const rows: [status: number, type: string][] = [
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [402, 'billing_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [408, 'timeout_error'],
    [409, 'conflict_error'],
    [413, 'request_too_large'],
    [422, 'invalid_request_error'],
    [418, 'invalid_request_error'],
    [429, 'rate_limit_error'],
    [500, 'api_error'],
    [502, 'api_error'],
    [503, 'api_error'],
    [529, 'overloaded_error'],
  ];
  it.each(rows)('%i is %s', (status, type) => {
    expect(errorTypeOf(status)).toBe(type);
  });
  it('every type leads back to its status', () => {
    for (const status of [400, 401, 402, 403, 404, 408, 409, 413, 429, 500, 529])
      expect(statusOfError({ type: errorTypeOf(status) })).toBe(status);
  });
  it('a code is more precise than a type, a number is a status', () => {
    expect(statusOfError({ type: 'invalid_request_error', code: 'invalid_api_key' })).toBe(401);
    expect(statusOfError({ type: 'api_error', code: '402' })).toBe(402);
    expect(statusOfError({ type: 'overloaded_error', code: 'whatever' })).toBe(529);
    expect(statusOfError({ code: '1302' })).toBe(429);
    expect(statusOfError({ code: '200' })).toBeUndefined();
    expect(statusOfError({ type: 'constructor', code: '__proto__' })).toBeUndefined();
    expect(statusOfError({})).toBeUndefined();
  });
  it('the envelope is Anthropic’s', () => {
    expect(JSON.parse(errorBody('api_error', 'no "luck"', 'r1'))).toEqual({
      type: 'error',
      error: { type: 'api_error', message: 'no "luck"' },
      request_id: 'r1',
    });
    expect(JSON.parse(errorBody('api_error', 'x'))).not.toHaveProperty('request_id');
  });
});

describe('Shapes of error bodies', () => {
  const rows: [name: string, body: unknown, facts: object][] = [
    [
      'Anthropic',
      { type: 'error', error: { type: 'api_error', message: 'm' } },
      { type: 'api_error', message: 'm' },
    ],
    [
      'OpenAI',
      { error: { message: 'm', type: 't', param: null, code: 'c' } },
      { type: 't', code: 'c', message: 'm' },
    ],
    [
      'OpenRouter',
      {
        error: {
          code: 402,
          message: 'Provider returned error',
          metadata: { raw: '{"error":{"message":"deep"}}' },
        },
      },
      { code: '402', message: 'Provider returned error: deep' },
    ],
    [
      'Google',
      [{ error: { code: 400, message: 'm', status: 'INVALID_ARGUMENT' } }],
      { code: '400', type: 'INVALID_ARGUMENT', message: 'm' },
    ],
    [
      'Mistral, vLLM',
      { object: 'error', message: 'm', type: 't', code: 3230 },
      { type: 't', code: '3230', message: 'm' },
    ],
    ['error as text', { error: 'm' }, { message: 'm' }],
    ['xAI', { code: 'c', error: 'm' }, { code: 'c', message: 'm' }],
    ['FastAPI text', { detail: 'm' }, { message: 'm' }],
    [
      'FastAPI list',
      {
        detail: [
          { loc: ['body', 'x'], msg: 'bad', type: 't' },
          { loc: ['y'], msg: 'worse' },
        ],
      },
      { message: 'body.x: bad; y: worse' },
    ],
    ['message only', { message: 'm' }, { message: 'm' }],
    [
      'DashScope',
      { code: 'InvalidParameter', message: 'm', request_id: 'r' },
      { code: 'InvalidParameter', message: 'm' },
    ],
    [
      'nested JSON',
      { error: { message: '{"error":{"type":"t","message":"inner"}}' } },
      { type: 't', message: 'inner' },
    ],
    ['object message', { error: { message: { text: 'm' } } }, { message: 'm' }],
    [
      'an SSE line',
      'event: error\ndata: {"type":"error","error":{"type":"t","message":"m"}}\n\n',
      { type: 't', message: 'm' },
    ],
    ['plain text', 'upstream connect error', { message: 'upstream connect error' }],
    [
      'HTML',
      '<!DOCTYPE html><html><head><title> 502 Bad &amp; Gateway</title></head></html>',
      { html: true, message: '502 Bad & Gateway' },
    ],
    [
      'HTML without title',
      '<html><body><script>var x</script><h1>Oops</h1> gone</body></html>',
      { html: true, message: 'Oops gone' },
    ],
    ['cut JSON', '{"type":"error","error":{"type":"t","message":"m\\u0021 and mo', { message: 'm! and mo' }],
  ];
  it.each(rows)('%s', (_name, body, facts) => {
    const read = readErrorBody(typeof body === 'string' ? body : JSON.stringify(body));
    expect(read).toMatchObject(facts);
  });
  it('nothing is invented for an empty body', () => {
    expect(readErrorBody('')).toEqual({ texts: '' });
    expect(readErrorBody(' \n')).toEqual({ texts: '' });
    expect(readErrorBody('{}')).toEqual({ texts: '' });
  });
  it('texts hold every text of the error, decoded, but nothing that repeats the request', () => {
    const body =
      '{"error_type":"\\u989d\\u5ea6","detail":[{"msg":"bad","input":{"content":"secret words"}}]}';
    const { texts } = readErrorBody(body);
    expect(texts).toContain('额度');
    expect(texts).toContain('bad');
    expect(texts).not.toContain('secret words');
  });
  it('whatever comes is read without throwing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((text) => `{"error":${text}`),
        ),
        (body) => {
          const { texts, message, type, code } = readErrorBody(body);
          for (const value of [texts, message ?? '', type ?? '', code ?? ''])
            expect(typeof value).toBe('string');
        },
      ),
    );
    expect(readErrorBody('['.repeat(60_000)).texts).toBeTypeOf('string');
    const deep = `${'{"error":'.repeat(5000)}1${'}'.repeat(5000)}`;
    expect(readErrorBody(deep).texts).toBe('');
  });
});
