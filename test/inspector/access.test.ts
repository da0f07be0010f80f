import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { GOOD } from '../support/behaviours.ts';
import { fetchAnswer } from '../support/client.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();
const KEY = 'inspector-key-0123456789';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

async function balancer(auth = false) {
  const good = await start({ name: 'good', behaviour: GOOD });
  const settings = auth ? { auth: { enabled: true, api_key: KEY } } : {};
  return balance({ providers: [entry(good)], settings });
}

describe('without authentication the inspector', () => {
  it.each([
    ['this machine by its own name', {}, 200],
    ['its own page', { origin: 'OWN', 'sec-fetch-site': 'same-origin' }, 200],
    ['another host name (DNS rebinding)', { host: 'evil.example' }, 403],
    ['a host that only looks like ours', { host: 'localhost.evil.example' }, 403],
    ['another site’s page', { origin: 'https://evil.example' }, 403],
    ['another port’s page', { origin: 'http://127.0.0.1:1' }, 403],
    ['a sandboxed page', { origin: 'null' }, 403],
    ['another site’s image or script', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a page of the same site', { 'sec-fetch-site': 'same-site' }, 403],
    ['whoever a proxy handed on', { 'x-forwarded-for': '203.0.113.7' }, 403],
  ])('answers %s as it should', async (_, headers, status) => {
    const bench = await balancer();
    const own = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value === 'OWN' ? bench.url : value]),
    );
    for (const path of ['', '/snapshot', '/requests', '/events/']) {
      if (path === '/events/' && status === 200) continue;
      const answer = await fetchAnswer(`${bench.url}/inspector${path}`, { headers: own });
      expect([path, answer.status]).toEqual([path, path === '' && answer.status === 404 ? 404 : status]);
    }
    const action = await fetchAnswer(`${bench.url}/inspector/providers/good/heal`, {
      method: 'POST',
      headers: own,
    });
    expect(action.status).toBe(status);
  });
});

describe('with authentication the inspector', () => {
  it('gives nothing without the key, and everything with it', async () => {
    const bench = await balancer(true);
    for (const path of [
      'snapshot',
      'requests',
      'requests/x',
      'requests/x/trace',
      'events',
      'assets/inspector.js',
    ]) {
      const bare = await fetchAnswer(`${bench.url}/inspector/${path}`, { headers: { 'x-api-key': '' } });
      expect([path, bare.status]).toEqual([path, 401]);
    }
    const wrong = await fetchAnswer(`${bench.url}/inspector/snapshot`, { headers: { 'x-api-key': 'wrong' } });
    expect(wrong.status).toBe(401);
    const right = await fetchAnswer(`${bench.url}/inspector/snapshot`, { headers: { 'x-api-key': KEY } });
    expect(right.status).toBe(200);
    expect(right.header('cache-control')).toBe('no-store');
  });

  it('asks for it in a form, and gives a cookie that scripts and other sites cannot use', async () => {
    const bench = await balancer(true);
    const page = await fetchAnswer(`${bench.url}/inspector`, { headers: { 'x-api-key': '' } });
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('type="password"')]);
    expect(page.header('content-security-policy')).toContain("default-src 'none'");
    const wrong = await signIn(bench.url, 'nonsense');
    expect([wrong.status, wrong.header('set-cookie')]).toEqual([401, undefined]);
    const right = await signIn(bench.url, KEY);
    expect([right.status, right.header('location')]).toEqual([303, '/inspector']);
    const cookie = right.header('set-cookie') ?? '';
    expect(cookie).toMatch(
      /^balancer_inspector=[\w-]{43}; Path=\/inspector; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    );
    expect(cookie).not.toContain(KEY);
    const headers = { 'x-api-key': '', cookie: cookie.split(';')[0] ?? '' };
    expect((await fetchAnswer(`${bench.url}/inspector/snapshot`, { headers })).status).toBe(200);
    // It opens nothing but the inspector.
    expect((await fetchAnswer(`${bench.url}/providers`, { headers })).status).toBe(401);
    const act = (more: Readonly<Record<string, string>>) =>
      fetchAnswer(`${bench.url}/inspector/providers/good/heal`, {
        method: 'POST',
        headers: { ...headers, ...more },
      });
    expect((await act({ origin: bench.url })).status).toBe(200);
    expect((await act({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await act({})).status).toBe(403);
    await fetchAnswer(`${bench.url}/inspector/session/end`, {
      method: 'POST',
      headers: { ...headers, origin: bench.url },
    });
    expect((await fetchAnswer(`${bench.url}/inspector/snapshot`, { headers })).status).toBe(401);
  });

  it('lets nobody sign in from another site, and slows down whoever guesses', async () => {
    const bench = await balancer(true);
    expect((await signIn(bench.url, KEY, { origin: 'https://evil.example' })).status).toBe(403);
    for (let at = 0; at < 10; at += 1) await signIn(bench.url, `guess ${at}`);
    expect((await signIn(bench.url, KEY)).status).toBe(429);
    bench.clock.advance(61_000);
    expect((await signIn(bench.url, KEY)).status).toBe(303);
  });

  it('ends a session when its key leaves the configuration, and after twelve hours', async () => {
    const bench = await balancer(true);
    const cookie = (await signIn(bench.url, KEY)).header('set-cookie')?.split(';')[0] ?? '';
    const status = async () =>
      (await fetchAnswer(`${bench.url}/inspector/snapshot`, { headers: { 'x-api-key': '', cookie } })).status;
    expect(await status()).toBe(200);
    bench.clock.advance(12 * 3_600_000);
    expect(await status()).toBe(401);
  });
});

function signIn(url: string, key: string, headers: Readonly<Record<string, string>> = {}) {
  return fetchAnswer(`${url}/inspector/session`, {
    headers: { ...FORM, 'x-api-key': '', origin: url, ...headers },
    body: `key=${encodeURIComponent(key)}`,
  });
}

describe('Stately’s protocol', () => {
  it('introduces every actor, then tells what they do', async () => {
    const bench = await balancer();
    const socket = new WebSocket(`${bench.url.replace('http', 'ws')}/inspector/ws`);
    const messages: { type: string; name?: string; definition?: string; sessionId: string }[] = [];
    socket.on('message', (data) => messages.push(JSON.parse(String(data))));
    await bench.until('the actors', () => messages.length >= 2);
    expect(messages.map(({ type, name }) => [type, name])).toEqual([
      ['@xstate.actor', 'balancer'],
      ['@xstate.actor', 'provider:good'],
    ]);
    expect(JSON.parse(messages[1]?.definition ?? '{}').states).toHaveProperty('cooling');
    await bench.messages().end;
    await bench.until('its end', () => JSON.stringify(messages).includes('"value":"served"'));
    const told = messages.map(({ type, name }) => name ?? type);
    expect(messages.some(({ definition }) => definition?.includes('"attempting"'))).toBe(true);
    expect(told).toContain('@xstate.event');
    const text = JSON.stringify(messages);
    expect(text).not.toContain('secret-key-of-good');
    socket.close();
    const count = messages.length;
    await bench.until('the end', () => socket.readyState === WebSocket.CLOSED);
    await bench.messages().end;
    expect(messages).toHaveLength(count);
  });

  it.each([
    ['another site’s page', { origin: 'https://evil.example' }],
    ['another host name', { host: 'evil.example' }],
  ])('is closed to %s', async (_, headers) => {
    const bench = await balancer();
    const socket = new WebSocket(`${bench.url.replace('http', 'ws')}/inspector/ws`, { headers });
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.on('open', () => resolve('open'));
      socket.on('error', () => undefined);
    });
    expect(status).toBe(403);
  });

  it('takes nothing from clients that offer another protocol with an ordinary request', async () => {
    const bench = await balancer();
    const answer = await bench.messages({
      headers: {
        connection: 'Upgrade, HTTP2-Settings',
        upgrade: 'h2c',
        'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
      },
    }).end;
    expect([answer.status, answer.header('x-balancer-provider')]).toEqual([200, 'good']);
    const other = await fetchAnswer(`${bench.url}/livez`, {
      headers: { connection: 'Upgrade', upgrade: 'websocket' },
    });
    expect(other.status).toBe(200);
  });
});
