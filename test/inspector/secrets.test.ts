import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createLog } from '../../src/telemetry/log.ts';
import { GOOD } from '../support/behaviours.ts';
import { fetchAnswer, send } from '../support/client.ts';
import { entry, keyOf, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

/** Secrets where clients, configurations and providers may have them. */
const PLANTED = {
  clientKey: 'client-credential-aaaaaaaaaaaa',
  clientBearer: 'client-bearer-bbbbbbbbbbbb',
  cookie: 'session=cookie-cccccccccccc',
  customHeader: 'custom-header-secret-dddddddd',
  configured: 'configured-header-secret-eeee',
  echoed: keyOf('leaky'),
  someKey: 'sk-ant-api03-ffffffffffffffffffff',
  content: 'a word that only the model should read gggg',
  setCookie: 'tracker=hhhhhhhhhhhhhhhh',
  proxyAuth: 'Basic aWlpaWlpaWlpaWlpaWk=',
} as const;

describe('secrets in headers and bodies', () => {
  it('appear nowhere: not in the feed, a request, its trace, Stately’s protocol, nor the log', async () => {
    const leaky = await start({
      name: 'leaky',
      behaviour: {
        kind: 'http',
        status: 500,
        headers: {
          'content-type': 'application/json',
          'set-cookie': PLANTED.setCookie,
          'x-debug-token': PLANTED.echoed,
        },
        body: JSON.stringify({
          type: 'error',
          error: {
            type: 'api_error',
            message: `upstream said: key ${PLANTED.echoed}, yours ${PLANTED.clientKey}, ours ${PLANTED.someKey}`,
            api_key: 'a value under a telling name',
            authorization: `Bearer ${PLANTED.clientBearer}`,
          },
        }),
      },
    });
    const good = await start({ name: 'good', behaviour: GOOD });
    const bench = await balance({
      providers: [entry(leaky, { headers: { 'x-team-token': PLANTED.configured } }), entry(good)],
    });
    const socket = new WebSocket(`${bench.url.replace('http', 'ws')}/inspector/ws`);
    const shown: string[] = [];
    socket.on('message', (data) => shown.push(String(data)));
    await bench.until('the socket', () => shown.length > 0);
    const feed = send(`${bench.url}/inspector/events`);
    await feed.event(0);
    await bench.messages({
      headers: {
        'x-api-key': PLANTED.clientKey,
        authorization: `Bearer ${PLANTED.clientBearer}`,
        'proxy-authorization': PLANTED.proxyAuth,
        cookie: PLANTED.cookie,
        'x-my-own': PLANTED.customHeader,
      },
      body: {
        model: 'm',
        max_tokens: 5,
        stream: true,
        messages: [{ role: 'user', content: PLANTED.content }],
      },
    }).end;
    const { request } = await bench.ended(1);
    await feed.text('"result":"served"');
    feed.abort();
    socket.close();
    shown.push(Buffer.concat([...feed.chunks]).toString());
    for (const path of ['snapshot', 'requests', `requests/${request.id}`, `requests/${request.id}/trace`]) {
      const answer = await fetchAnswer(`${bench.url}/inspector/${path}`);
      expect([path, answer.status]).toEqual([path, 200]);
      shown.push(answer.text);
    }
    shown.push(logOf(bench.events, bench.balancer.engine.redact));
    const detail = shown.at(-2) ?? '';
    expect(detail).toContain('"x-my-own",null');
    expect(detail).toContain('upstream said');
    expect(detail).not.toContain('a value under a telling name');
    for (const text of shown) {
      for (const [what, secret] of Object.entries(PLANTED)) {
        expect(text.includes(secret), `${what} in ${text.slice(0, 80)}`).toBe(false);
      }
    }
  });
});

function logOf(
  events: Parameters<ReturnType<typeof createLog>['observe']>[0][] | readonly unknown[],
  redact: (text: string) => string,
): string {
  const lines: string[] = [];
  const console = {
    write: (text: string) => lines.push(text),
    on: () => console,
  } as unknown as NodeJS.WritableStream;
  const log = createLog({
    level: 'debug',
    color: false,
    filePath: undefined,
    fileMaxBytes: 1e6,
    fileMaxFiles: 1,
    logger: 'test',
    format: 'json',
    console,
    now: () => 0,
    redact,
  });
  for (const event of events as Parameters<typeof log.observe>[0][]) log.observe(event);
  return lines.join('');
}
