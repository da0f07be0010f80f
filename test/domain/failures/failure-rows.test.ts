import { describe, expect, it } from 'vitest';
import { classifyErrorPayload, classifyResponse } from '../../../src/domain/failures/classify.ts';
import {
  classifyNotAnAnswer,
  classifyTimeout,
  classifyTransport,
} from '../../../src/domain/failures/classify-transport.ts';
import { FAILURE_TABLE, type FailureRule } from '../../../src/domain/failures/failure-table.ts';
import { FAILURE_KINDS, type Failure, type FailureKind } from '../../../src/domain/failures/outcome.ts';

/** From the outcome that is seen to what it means: each row of docs/failures.md, written down a second time. */

const NOW = Date.parse('2026-11-21T12:00:00Z');
const context = {
  headers: [] as readonly string[],
  credential: 'own' as 'own' | 'passthrough',
  endpoint: 'messages' as 'messages' | 'count_tokens',
  now: NOW,
  lists: { httpCodes: [], errorTypes: [], exceptionPatterns: [], responseBodyPatterns: [] },
};
const answer = (status: number, message = '', over: Partial<typeof context> = {}): Failure =>
  classifyResponse({ ...context, ...over, status, body: JSON.stringify({ error: { message } }) });
const broken = (kind: string, progress: Parameters<typeof classifyTransport>[1], reusedConnection = false) =>
  classifyTransport({ kind, message: 'x', reusedConnection }, progress);

type Meaning = Pick<FailureRule, 'failover' | 'blame' | 'counts'>;
const provider = (counts: FailureRule['counts'] = 'counted'): Meaning => ({
  failover: 'next',
  blame: 'provider',
  counts,
});
const pair = (counts: FailureRule['counts'] = 'counted'): Meaning => ({
  failover: 'next',
  blame: 'pair',
  counts,
});
const nobody = (failover: FailureRule['failover'] = 'next'): Meaning => ({
  failover,
  blame: 'nobody',
  counts: 'never',
});

const ROWS: [kind: FailureKind, meaning: Meaning, seen: Failure[]][] = [
  [
    'unreachable',
    provider(),
    [
      broken('connect', 'before_headers'),
      broken('reset', 'before_headers'),
      broken('protocol', 'before_headers'),
      classifyTimeout('connect', 1),
    ],
  ],
  ['pool_full', nobody(), [broken('pool_timeout', 'before_headers'), classifyTimeout('pool', 1)]],
  ['reset_reused', nobody('same_once'), [broken('reset', 'before_headers', true)]],
  [
    'cut_early',
    provider(),
    [
      broken('reset', 'after_headers'),
      broken('protocol', 'after_headers'),
      classifyNotAnAnswer('empty', { phase: 'body' }),
      classifyNotAnAnswer('nothing_but_pings', { phase: 'first_content' }),
      classifyNotAnAnswer('truncated', { phase: 'body' }),
    ],
  ],
  [
    'stalled',
    provider(),
    [classifyTimeout('headers', 1), classifyTimeout('first_content', 1), classifyTimeout('body', 1)],
  ],
  [
    'not_an_answer',
    provider(),
    [
      answer(204),
      answer(302),
      classifyNotAnAnswer('html', { phase: 'body' }),
      classifyNotAnAnswer('malformed_json', { phase: 'body' }),
      classifyNotAnAnswer('malformed_stream', { phase: 'first_content' }),
      classifyNotAnAnswer('unknown_shape', { phase: 'body' }),
    ],
  ],
  [
    'server_error',
    provider(),
    [
      answer(500),
      answer(502),
      answer(504),
      answer(520),
      answer(524),
      classifyErrorPayload({ ...context, raw: '{"type":"error","error":{"type":"api_error"}}' }),
    ],
  ],
  ['overloaded', pair(), [answer(503), answer(529)]],
  ['burst_limited', pair(), [answer(429)]],
  [
    'rate_limited',
    { failover: 'next', blame: 'window', counts: 'at_once' },
    [answer(429, '', { headers: ['retry-after', '9'] }), answer(429, 'try again in 20s')],
  ],
  [
    'quota',
    provider('at_once'),
    [answer(402), answer(403, 'Insufficient credits'), answer(500, '没有可用token')],
  ],
  ['credentials', provider('at_once'), [answer(401), answer(403)]],
  [
    'client_credentials',
    nobody(),
    [answer(401, '', { credential: 'passthrough' }), answer(403, '', { credential: 'passthrough' })],
  ],
  [
    'model_missing',
    pair('at_once'),
    [
      answer(404),
      answer(400, 'The model x does not exist'),
      answer(403, 'model x is not in your plan'),
      answer(503, '无可用模型'),
    ],
  ],
  [
    'endpoint_missing',
    { failover: 'next', blame: 'endpoint', counts: 'at_once' },
    [answer(404, '', { endpoint: 'count_tokens' }), answer(500, '', { endpoint: 'count_tokens' })],
  ],
  ['timeout_like', provider(), [answer(408), answer(409), answer(425)]],
  ['too_large', nobody(), [answer(413)]],
  [
    'refused',
    nobody(),
    [
      answer(400),
      answer(422),
      answer(403, 'flagged by moderation'),
      answer(418),
      answer(400, 'prompt is too long: 3 tokens > 2 maximum'),
    ],
  ],
  ['foreign_signature', nobody('same_once'), [answer(400, 'Invalid signature in thinking block')]],
  ['refused_for_sure', nobody('none'), [answer(400, 'messages: at least one message is required')]],
  [
    'cut_late',
    { failover: 'none', blame: 'provider', counts: 'counted' },
    [
      broken('reset', 'committed'),
      classifyTimeout('streaming', 1),
      classifyNotAnAnswer('malformed_stream', { phase: 'streaming' }),
    ],
  ],
  ['client_left', nobody('none'), [broken('aborted', 'after_headers')]],
];
/** Judged from more than one attempt, or not by looking at a provider at all. */
const DECIDED_ELSEWHERE: readonly FailureKind[] = ['offline', 'out_of_time', 'balancer_fault'];

describe('The failure table', () => {
  it.each(ROWS)('%s is recognised and means what it should', (kind, meaning, seen) => {
    expect(seen.map((failure) => failure.kind)).toEqual(seen.map(() => kind));
    expect(FAILURE_TABLE[kind]).toMatchObject(meaning);
  });
  it('has no kind that nothing produces', () => {
    const produced = [...ROWS.map(([kind]) => kind), ...DECIDED_ELSEWHERE];
    expect(produced.toSorted()).toEqual([...FAILURE_KINDS].toSorted());
  });
});
