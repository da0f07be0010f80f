import { describe, expect, it } from 'vitest';
import type { Reply } from '../../src/engine/interface.ts';
import {
  clientRequest,
  entryOf,
  failure,
  MESSAGE,
  type MswBench,
  message,
  STREAM_BODY,
  stream,
  useMswBench,
  usePlayedProviders,
  wholeAnswer,
  within,
} from '../support/msw-bench.ts';
import { replyOf } from '../support/opened-engine.ts';

const play = usePlayedProviders();
const balance = useMswBench();

/** A request in whose course the balancer has a bug: letting its body go throws. */
function submitFaulty({ engine, clock }: MswBench, body?: string): Promise<Reply> {
  const request = clientRequest('req_faulty', body === undefined ? {} : { body }, clock.now());
  const releaseBody = (): void => {
    throw new Error('a bug');
  };
  return within('the reply', replyOf(engine, { ...request, releaseBody }));
}

/** What a bug leaves behind: nobody blamed, nothing running, the reason told. */
function aftermath({ engine, events }: MswBench) {
  const [provider] = engine.status().providers;
  return {
    failures: provider?.health.failures,
    running: [engine.status().inFlight, provider?.requests.inFlight],
    faults: events.filter(({ type }) => type === 'fault').length,
    ends: events.flatMap((event) => (event.type === 'request.ended' ? [event.result] : [])),
  };
}

const CLEAN = { failures: 0, running: [0, 0], faults: 1, ends: ['faulted'] };

describe('a bug of ours in one request', () => {
  it('at the first content of a stream: 500, nobody blamed', async () => {
    const bench = await balance({ providers: [entryOf(play('only', () => stream()))] });
    const reply = await wholeAnswer(await submitFaulty(bench, STREAM_BODY));
    expect([reply.status, reply.json()]).toMatchObject([
      500,
      { error: { type: 'api_error', message: expect.stringContaining('req_faulty') } },
    ]);
    expect(aftermath(bench)).toEqual(CLEAN);
  });

  it('at a whole message: 500, nobody blamed', async () => {
    const bench = await balance({ providers: [entryOf(play('only', () => message()))] });
    expect((await submitFaulty(bench)).status).toBe(500);
    expect(aftermath(bench)).toEqual(CLEAN);
  });

  it('as the final error is written: 500, and the process lives', async () => {
    const refuse = (): Response => failure(400, 'invalid_request_error', 'no');
    const bench = await balance({ providers: [entryOf(play('only', refuse))] });
    expect((await submitFaulty(bench)).status).toBe(500);
    expect(aftermath(bench)).toEqual(CLEAN);
  });

  it("over an answer that JSON can't write again: the stream breaks off at once", async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const whole = JSON.stringify(MESSAGE).replace('"text":"Hello."', `"text":"Hello.","citations":${deep}`);
    const bench = await balance({ providers: [entryOf(play('only', () => new Response(whole)))] });
    const reply = await bench.ask({ body: STREAM_BODY });
    expect([reply.status, reply.ending]).toEqual([200, 'cut']);
    expect(aftermath(bench)).toEqual(CLEAN);
  });
});
