import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Balancer, serve } from '../../src/cli/serve.ts';
import { systemClock } from '../../src/cli/system-clock.ts';
import { formatDiagnostics } from '../../src/config/format.ts';
import { parseConfiguration } from '../../src/config/parse.ts';
import type { Configuration } from '../../src/domain/settings/settings.ts';
import { createLog, type Log } from '../../src/telemetry/log.ts';
import { fetchAnswer } from '../support/client.ts';
import { closedPort, type Loopback, serveHttp } from '../support/loopback.ts';
import { Console } from '../telemetry/console.ts';

/** Makes secrets that can be told apart from everything else, and remembers where each was planted. */
class Nursery {
  readonly places: string[] = [];

  plant(place: string): string {
    this.places.push(place);
    const number = String(this.places.length - 1).padStart(5, '0');
    return `sk-plant${number}-${number.repeat(4)}`;
  }

  /** Where those were planted that stand in a text. */
  found(text: string): readonly string[] {
    const numbers = [...text.matchAll(/plant(\d{5})/g)].map(([, number]) => Number(number));
    return [...new Set(numbers.map((number) => this.places[number] ?? '?'))];
  }
}

const folder = mkdtempSync(join(tmpdir(), 'planted-'));
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Says in its errors whatever credential it got, in several codings. */
function echo(incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume();
  incoming.on('end', () => {
    const { 'x-api-key': key = '', authorization = '', 'x-secret-token': own = '' } = incoming.headers;
    const said = [key, authorization, own].flat().filter((text) => text !== '');
    const words = [...said, ...said.map(encodeURIComponent), said.map((text) => text.slice(0, -4)).join(' ')];
    const status = [400, 401, 403, 404, 429, 500, 529][(incoming.url ?? '').length % 7] ?? 500;
    const body = JSON.stringify({
      type: 'error',
      error: { type: 'api_error', message: `no: ${words.join(', ')}` },
    });
    outgoing.writeHead(status, {
      'content-type': 'application/json',
      'x-echo': said,
      'request-id': said[0] ?? 'r',
    });
    outgoing.end(body);
  });
}

interface Plot {
  readonly nursery: Nursery;
  readonly balancer: Balancer;
  readonly log: Log;
  /** Everything that anybody could read. */
  readonly seen: () => string;
  readonly note: (text: string) => void;
}

async function plot(): Promise<Plot> {
  const nursery = new Nursery();
  const provider: Loopback = await serveHttp(echo);
  open.push(provider);
  const nowhere = await closedPort();
  const own = Array.from({ length: 20 }, (_, at) => ({
    name: `p${at}`,
    base_url: provider.url,
    ...(at % 2 === 0 ? { auth_type: 'api_key' } : { auth_type: 'auth_token' }),
    auth_value: nursery.plant('a key of a provider'),
    ...(at % 10 === 3 ? { headers: { 'x-secret-token': nursery.plant('a header of a provider') } } : {}),
    ...(at % 10 === 5
      ? { proxy: `http://me:${nursery.plant("a proxy's password")}@127.0.0.1:${nowhere}` }
      : {}),
  }));
  const file = {
    providers: [...own, { name: 'pass', base_url: provider.url, auth_value: 'passthrough' }],
    settings: {
      hold_while_cooling: 0,
      max_attempts: 0,
      selection_strategy: 'round_robin',
      expose_provider_errors: true,
      log_level: 'info',
      port: 0,
    },
  };
  const parsed = parseConfiguration(JSON.stringify(file), { env: {} });
  if (!parsed.ok) throw new Error(formatDiagnostics(parsed.diagnostics));
  const stateFile = join(folder, 'health.json');
  const { settings } = parsed.configuration;
  const configuration: Configuration = { ...parsed.configuration, settings: { ...settings, stateFile } };
  const consoles = [new Console(), new Console()];
  let redact = (text: string): string => text;
  const logs = consoles.map((console, at) =>
    createLog({
      level: 'info',
      color: false,
      filePath: at === 0 ? join(folder, 'log.jsonl') : undefined,
      fileMaxBytes: 100_000_000,
      fileMaxFiles: 1,
      logger: 'Balancer',
      format: at === 0 ? 'json' : 'text',
      console,
      now: Date.now,
      redact: (text) => redact(text),
    }),
  );
  const [log] = logs;
  if (log === undefined) throw new Error('no log');
  const served = await serve({
    configuration,
    env: {},
    clock: systemClock(),
    observe: (event) => {
      for (const one of logs) one.observe(event);
    },
    load: async () => ({ kind: 'loaded', configuration }),
  });
  if (served.kind === 'failed') throw new Error(served.message);
  const { balancer } = served;
  redact = balancer.engine.redact;
  open.push({ close: () => balancer.stop() });
  const notes: string[] = [];
  return {
    nursery,
    balancer,
    log,
    note: (text) => notes.push(text),
    seen: () =>
      [
        ...notes,
        ...consoles.map(({ text }) => text),
        readFileSync(join(folder, 'log.jsonl'), 'utf8'),
        readFileSync(stateFile, 'utf8'),
        process.title,
      ].join('\n'),
  };
}

const HEADERS = [
  'x-api-key',
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-auth-token',
  'x-goog-api-key',
  'api-key',
  'x-amz-security-token',
  'x-anything',
  'referer',
];

/** A request with two dozen secrets in it. */
function asked(nursery: Nursery, number: number) {
  const plant = (place: string): string => nursery.plant(place);
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  for (const name of HEADERS)
    headers[name] = `${name === 'authorization' ? 'Bearer ' : ''}${plant(`the client's ${name}`)}`;
  if (number % 10 === 0) headers['x-provider'] = 'pass';
  const query = Array.from({ length: 4 }, () => `k${'x'.repeat(number % 7)}=${plant('the query')}`).join('&');
  const tool = {
    type: 'tool_use',
    id: 't',
    name: 'n',
    input: { [plant('a key of an input')]: plant('an input') },
  };
  const body = JSON.stringify({
    model: 'm',
    stream: number % 2 === 0,
    max_tokens: 9,
    system: plant('the system prompt'),
    messages: [
      { role: 'user', content: plant('a message') },
      { role: 'assistant', content: [{ type: 'text', text: plant('an answer') }, tool] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: plant('a result') }] },
    ],
    [plant('an unknown key')]: plant('an unknown value'),
    metadata: { secret: plant('metadata') },
  });
  return { headers, query, body: number % 8 === 7 ? body.slice(0, -20) : body };
}

const MISTAKES: readonly ((secret: string) => string)[] = [
  (secret) => `providers: [{name: a, base_url: "https://a", auth_value: [${secret}]}]`,
  (secret) => `providers: [{name: a, base_url: "https://a", auth_value: {a: ${secret}}}]`,
  (secret) => `providers: [{name: a, base_url: "https://me:${secret}@a b", auth_value: k}]`,
  (secret) => `providers: [{name: a, base_url: "https://me:${secret}@a", auth_value: k}]`,
  (secret) => `providers: [{name: a, base_url: "https://a?key=${secret}", auth_value: k}]`,
  (secret) => `providers: [{name: a, base_url: "https://a", auth_valeu: ${secret}}]`,
  (secret) => `providers: [{name: a, base_url: "https://a", auth_value: k, proxy: "ftp://me:${secret}@x"}]`,
  (secret) => `providers: [{name: a, base_url: "https://a", auth_value: k, headers: ${secret}}]`,
  (secret) => `providers: [{name: a, base_url: "https://a", auth_value: k, headers: {x-key: [${secret}]}}]`,
  (secret) => `providers: [{name: a, base_url: "https://a", auth_value: "${secret}\\nx"}]`,
  (secret) => `settings: {auth: ${secret}}`,
  (secret) => `settings: {auth: {enabled: yes, api_key: {a: ${secret}}}}`,
  (secret) => `providers:\n  - name: a\n    auth_value: ${secret}\n   base_url: x`,
  (secret) => `providers: [{name: a, auth_value: "${secret}`,
];

describe('ten thousand planted secrets', { timeout: 120_000 }, () => {
  it('are nowhere to be read', async () => {
    const { nursery, balancer, log, seen, note } = await plot();
    const { url } = balancer.server;
    for (let number = 0; nursery.places.length < 9_000; number += 1) {
      const { headers, query, body } = asked(nursery, number);
      const answer = await fetchAnswer(`${url}/v1/messages?${query}`, { headers, body });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      // What a provider says to the client's own credential is between these two.
      if (headers['x-provider'] === undefined) note(answer.text + answer.rawHeaders.join('\n'));
    }
    for (let number = 0; nursery.places.length < 9_500; number += 1) {
      const text = MISTAKES[number % MISTAKES.length]?.(nursery.plant('a mistake in the file')) ?? '';
      note(formatDiagnostics(parseConfiguration(text, { env: {} }).diagnostics, { occasion: 'check' }));
    }
    const keys = nursery.places.flatMap((place, at) => (place.includes('of a provider') ? [at] : []));
    for (const at of keys) {
      const number = String(at).padStart(5, '0');
      const error = new Error(`cannot send Bearer sk-plant${number}-${number.repeat(4)}`);
      log.observe({
        type: 'fault',
        message: 'It failed.',
        error: new TypeError('as well', { cause: error }),
      });
      log.observe({ type: 'fault', message: error.message, error });
    }
    while (nursery.places.length < 10_000) {
      const secret = nursery.plant('a path');
      const answer = await fetchAnswer(`${url}/v1/${secret}`, {
        headers: { authorization: `Bearer ${nursery.plant('a key')}` },
      });
      expect(answer.status).toBe(404);
      note(answer.rawHeaders.join('\n'));
    }
    for (const page of ['/providers', '/', '/health', '/v1/models'])
      note((await fetchAnswer(url + page)).text);
    await balancer.stop();
    await log.close();
    expect(nursery.places.length).toBeGreaterThanOrEqual(10_000);
    expect(nursery.found(seen())).toEqual([]);
  });
});
