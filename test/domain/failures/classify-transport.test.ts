import { describe, expect, it } from 'vitest';
import {
  classifyNotAnAnswer,
  classifyTimeout,
  classifyTransport,
  type NoAnswer,
  type Progress,
} from '../../../src/domain/failures/classify-transport.ts';
import type { FailureKind, Phase } from '../../../src/domain/failures/outcome.ts';

const broken = (
  kind: string,
  over: { code?: string; message?: string; reusedConnection?: boolean } = {},
) => ({
  kind,
  message: 'it broke',
  reusedConnection: false,
  ...over,
});

describe('A broken exchange', () => {
  const rows: [kind: string, reused: boolean, progress: Progress, expected: FailureKind, phase: Phase][] = [
    ['connect', false, 'before_headers', 'unreachable', 'connect'],
    ['connect_timeout', false, 'before_headers', 'unreachable', 'connect'],
    ['pool_timeout', false, 'before_headers', 'pool_full', 'pool'],
    ['reset', false, 'before_headers', 'unreachable', 'headers'],
    ['reset', true, 'before_headers', 'reset_reused', 'headers'],
    ['reset', false, 'after_headers', 'cut_early', 'first_content'],
    ['reset', true, 'after_headers', 'cut_early', 'first_content'],
    ['reset', true, 'committed', 'cut_late', 'streaming'],
    ['protocol', false, 'before_headers', 'unreachable', 'headers'],
    ['protocol', true, 'before_headers', 'unreachable', 'headers'],
    ['protocol', false, 'after_headers', 'cut_early', 'first_content'],
    ['protocol', false, 'committed', 'cut_late', 'streaming'],
    ['decode', false, 'after_headers', 'not_an_answer', 'first_content'],
    ['decode', false, 'committed', 'cut_late', 'streaming'],
    ['aborted', false, 'after_headers', 'client_left', 'first_content'],
    ['something_new', false, 'before_headers', 'unreachable', 'headers'],
    ['something_new', false, 'after_headers', 'cut_early', 'first_content'],
  ];
  it.each(rows)('%s (reused: %s) %s is %s', (kind, reusedConnection, progress, expected, phase) => {
    expect(classifyTransport(broken(kind, { reusedConnection }), progress)).toMatchObject({
      kind: expected,
      phase,
    });
  });

  it('keeps the code and says it in words', () => {
    const failure = classifyTransport(broken('connect', { code: 'ECONNREFUSED' }), 'before_headers');
    expect(failure).toMatchObject({ code: 'ECONNREFUSED', detail: 'connection refused (ECONNREFUSED)' });
    const unknown = classifyTransport(broken('connect', { code: 'EODD' }), 'before_headers');
    expect(unknown.detail).toBe('it broke (EODD)');
  });

  it('shows no user part of a proxy’s address', () => {
    const message = 'proxy http://me:hunter22@proxy:3128 refused';
    expect(classifyTransport(broken('connect', { message }), 'before_headers').detail).toBe(
      'proxy http://proxy:3128 refused',
    );
  });

  it('the users’ patterns change only kinds of failure that have no row', () => {
    const lists = { exceptionPatterns: ['TIMEOUT', 'broke'] };
    const kindOf = (kind: string, progress: Progress) =>
      classifyTransport(broken(kind, { reusedConnection: true }), progress, { lists }).kind;
    expect(kindOf('something_new', 'before_headers')).toBe('server_error');
    expect(kindOf('something_new', 'committed')).toBe('cut_late');
    expect(kindOf('pool_timeout', 'before_headers')).toBe('pool_full');
    expect(kindOf('reset', 'before_headers')).toBe('reset_reused');
    expect(kindOf('aborted', 'after_headers')).toBe('client_left');
    expect(
      classifyTransport(broken('odd'), 'before_headers', { lists: { exceptionPatterns: [''] } }).kind,
    ).toBe('unreachable');
  });

  it('on a side endpoint it speaks against that endpoint, as its own row', () => {
    const context = { endpoint: 'count_tokens' } as const;
    expect(classifyTransport(broken('connect'), 'before_headers', context)).toMatchObject({
      kind: 'endpoint_missing',
      as: 'unreachable',
    });
    const reset = broken('reset', { reusedConnection: true });
    expect(classifyTransport(reset, 'before_headers', context).kind).toBe('reset_reused');
    expect(classifyTransport(broken('aborted'), 'before_headers', context).kind).toBe('client_left');
  });

  it('the phase of a non-streaming answer can be named', () => {
    expect(classifyTransport(broken('reset'), 'after_headers', { phase: 'body' }).phase).toBe('body');
    expect(classifyTransport(broken('connect'), 'before_headers', { phase: 'body' }).phase).toBe('connect');
  });
});

describe('A 200 that holds no answer', () => {
  const rows: [reason: NoAnswer, kind: FailureKind][] = [
    ['html', 'not_an_answer'],
    ['malformed_json', 'not_an_answer'],
    ['malformed_stream', 'not_an_answer'],
    ['unknown_shape', 'not_an_answer'],
    ['wrong_content_type', 'not_an_answer'],
    ['empty', 'cut_early'],
    ['nothing_but_pings', 'cut_early'],
    ['truncated', 'cut_early'],
  ];
  it.each(rows)('%s is %s, and cut_late after the commit', (reason, kind) => {
    expect(classifyNotAnAnswer(reason, { phase: 'body' })).toMatchObject({
      kind,
      status: 200,
      phase: 'body',
    });
    expect(classifyNotAnAnswer(reason, { phase: 'streaming' }).kind).toBe('cut_late');
    expect(classifyNotAnAnswer(reason, { phase: 'body', endpoint: 'models' })).toMatchObject({
      kind: 'endpoint_missing',
      as: kind,
    });
  });
  it('shows what there was to see', () => {
    expect(classifyNotAnAnswer('html', { phase: 'body', seen: 'Welcome\nto nginx' }).detail).toBe(
      '200 with an HTML page instead of an answer: Welcome to nginx',
    );
  });
});

describe('A phase whose time is over', () => {
  const rows: [phase: Phase, kind: FailureKind, detail: string][] = [
    ['pool', 'pool_full', 'no free connection within 30 s'],
    ['connect', 'unreachable', 'no connection within 30 s'],
    ['headers', 'stalled', 'no response headers within 30 s'],
    ['first_content', 'stalled', 'no content within 30 s'],
    ['body', 'stalled', 'no complete answer within 30 s'],
    ['streaming', 'cut_late', 'silence in the stream for 30 s'],
  ];
  it.each(rows)('in %s is %s', (phase, kind, detail) => {
    expect(classifyTimeout(phase, 30_000)).toEqual({ kind, phase, detail });
  });
});
