import { describe, expect, it } from 'vitest';
import type { AuthSettings } from '../../src/domain/settings/settings.ts';
import { checkKey } from '../../src/http/api-key.ts';
import { isKnownHost, isOwnOrigin, rememberingHosts } from '../../src/http/host.ts';
import { Fixture, SETTINGS } from './fixture.ts';
import { head } from './raw.ts';
import { loopback } from './setup.ts';

const { start, raw } = loopback();

function withAuth(part: Partial<AuthSettings> = {}): Fixture {
  const fixture = new Fixture();
  fixture.settings = {
    ...SETTINGS,
    auth: { enabled: true, apiKeys: ['key-one', 'key-two'], exemptPaths: ['/health', '/docs/'], ...part },
  };
  return fixture;
}

describe('API keys', () => {
  const cases: [string, Record<string, string>, number][] = [
    ['no key', {}, 401],
    ['x-api-key', { 'x-api-key': 'key-one' }, 200],
    ['the second key', { 'x-api-key': 'key-two' }, 200],
    ['Bearer', { authorization: 'Bearer key-one' }, 200],
    ['bearer in lower case', { authorization: 'bearer key-one' }, 200],
    ['the bare value', { authorization: 'key-one' }, 200],
    ['a wrong key', { 'x-api-key': 'key-on' }, 401],
    ['a longer key', { 'x-api-key': 'key-one1' }, 401],
    ['x-api-key before Authorization', { 'x-api-key': 'wrong', authorization: 'Bearer key-one' }, 401],
    ['a right x-api-key, whatever Authorization says', { 'x-api-key': 'key-one', authorization: 'x' }, 200],
    ['an empty x-api-key as none', { 'x-api-key': '', authorization: 'Bearer key-one' }, 200],
    ['Bearer without a value', { authorization: 'Bearer ' }, 401],
  ];
  it.each(cases)('with %s', async (_, headers, status) => {
    const response = await withAuth().request('/providers', { headers });
    expect(response.status).toBe(status);
  });

  it('that are refused get a 401 in the envelope with a code, and no invitation to repeat', async () => {
    const fixture = withAuth();
    const response = await fixture.request('/v1/models', { headers: { 'x-api-key': 'sk-guess' } });
    expect(response.status).toBe(401);
    expect(response.headers.get('x-should-retry')).toBe('false');
    const body = await response.text();
    expect(JSON.parse(body)).toEqual({
      type: 'error',
      error: { type: 'authentication_error', message: 'Invalid API key.', code: 'AUTH_FAILED' },
      request_id: 'req_1',
    });
    expect(fixture.events).toEqual([
      { type: 'auth.refused', requestId: 'req_1', path: '/v1/models', reason: 'Invalid API key.' },
    ]);
    expect(body + JSON.stringify(fixture.events)).not.toContain('sk-g');
  });

  it('are not asked for on exempt paths, with or without a trailing slash', async () => {
    const app = withAuth();
    for (const path of ['/health', '/health/', '/docs', '/docs/']) {
      expect((await app.request(path)).status, path).not.toBe(401);
    }
    for (const path of ['/', '/healthy', '/health/x', '/HEALTH', '/providers']) {
      expect((await app.request(path)).status, path).toBe(401);
    }
  });

  it('do not protect the probes that know neither key nor host', async () => {
    const app = withAuth();
    for (const path of ['/livez', '/readyz', '/api/hello', '/livez/']) {
      expect((await app.request(path, { headers: { host: 'evil.example' } })).status, path).toBe(200);
      expect((await app.request(path, { method: 'HEAD' })).status, path).toBe(200);
    }
    expect((await app.request('/api/hello', { method: 'POST' })).status).toBe(401);
  });

  it('replace the checks of host and origin', async () => {
    const headers = { 'x-api-key': 'key-one', host: 'balancer.lan', origin: 'https://page.example' };
    expect((await withAuth().request('/providers', { headers })).status).toBe(200);
  });

  it('can change while running', async () => {
    const fixture = withAuth();
    const ask = async () =>
      (await fixture.request('/providers', { headers: { 'x-api-key': 'key-one' } })).status;
    expect(await ask()).toBe(200);
    fixture.settings = {
      ...fixture.settings,
      auth: { enabled: true, apiKeys: ['other'], exemptPaths: [] },
    };
    expect(await ask()).toBe(401);
  });

  it('configured as nothing, or as an empty text, let nobody in', () => {
    expect(checkKey('x', undefined, [])).toBe('wrong');
    expect(checkKey(' ', undefined, [''])).toBe('missing');
    expect(checkKey('', '', [''])).toBe('missing');
  });

  it('cannot be gone round by an encoded path', async () => {
    const app = withAuth();
    for (const path of ['/%70roviders', '/health/../providers', '/health%2f..%2fproviders', '//providers']) {
      expect((await app.request(`http://localhost${path}`)).status, path).toBe(401);
    }
  });

  it('of the balancer never reach the engine, other credentials do', async () => {
    const { fixture, url } = await start();
    fixture.settings = withAuth().settings;
    const headers = { 'x-api-key': 'key-one', authorization: 'Bearer upstream' };
    await fetch(`${url}/v1/messages`, { method: 'POST', body: '{}', headers });
    await fetch(`${url}/v1/messages`, { method: 'POST', body: '{}', headers: { authorization: 'key-two' } });
    const [first, second] = fixture.engine.requests;
    expect(first?.headers).toContain('Bearer upstream');
    expect([...(first?.headers ?? []), ...(second?.headers ?? [])]).not.toContain('key-one');
    expect(second?.headers).not.toContain('key-two');
  });

  it('that are missing are refused while the client is still writing, and the refusal arrives', async () => {
    const { fixture, url } = await start();
    fixture.settings = withAuth().settings;
    const client = raw(url);
    client.write(head('POST /v1/messages', 'Content-Length: 5000000'));
    client.write(Buffer.alloc(5_000_000, 0x20));
    expect(await client.all()).toMatch(/^HTTP\/1\.1 401 /);
    expect(client.ending).toBe('end');
  });
});

describe('without authentication', () => {
  const status = async (headers: Record<string, string>, fixture = new Fixture()) =>
    (await fixture.request('/providers', { headers })).status;

  it.each(['localhost', 'localhost:9090', 'LOCALHOST.', '127.0.0.1:1', '127.8.9.1', '[::1]:9090'])(
    'the host %s is known',
    async (host) => {
      expect(await status({ host })).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.1.5:9090',
    'evil@localhost',
    'localhost:9090:80',
    'localhost/evil',
    '0.0.0.0',
    '2130706433',
  ])('the host %s is not', async (host) => {
    expect(await status({ host })).toBe(403);
  });

  it('a foreign host is told which setting would let it in', async () => {
    const fixture = new Fixture();
    const response = await fixture.request('/v1/models', { headers: { host: 'my.lan:9090' } });
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: {
        type: 'permission_error',
        code: 'HOST_NOT_ALLOWED',
        message:
          'The host name "my.lan:9090" is not known to this balancer. ' +
          'If it is yours, add it to settings.allowed_hosts, or switch on settings.auth.',
      },
    });
    expect(fixture.events).toMatchObject([{ type: 'auth.refused', path: '/v1/models' }]);
  });

  it('allowed_hosts lets names in, for every port or for one', async () => {
    const fixture = new Fixture();
    fixture.settings = { ...SETTINGS, allowedHosts: ['My.lan', 'other.lan:9090'] };
    expect(await status({ host: 'my.LAN:1234' }, fixture)).toBe(200);
    expect(await status({ host: 'other.lan:9090' }, fixture)).toBe(200);
    expect(await status({ host: 'other.lan:80' }, fixture)).toBe(403);
  });

  it('the bound address is known, a wildcard is none', () => {
    expect(isKnownHost('192.168.1.5:9090', { bound: ['192.168.1.5'], allowed: [] })).toBe(true);
    expect(isKnownHost('192.168.1.5', { bound: ['0.0.0.0', '::ffff:192.168.1.5'], allowed: [] })).toBe(true);
    expect(isKnownHost('0.0.0.0', { bound: ['0.0.0.0'], allowed: [] })).toBe(false);
  });

  it('a name that was known is looked at anew under other settings, or on another address', () => {
    const isKnown = rememberingHosts();
    const known = { bound: ['192.168.1.5', '192.168.1.5'], allowed: ['my.lan'] };
    expect(isKnown('my.lan', known)).toBe(true);
    expect(isKnown('my.lan', { ...known })).toBe(true);
    expect(isKnown('other.lan', known)).toBe(false);
    expect(isKnown('my.lan', { ...known, allowed: [] })).toBe(false);
    expect(isKnown('192.168.1.5', known)).toBe(true);
    expect(isKnown('192.168.1.5', { ...known, bound: ['192.168.1.5', '192.168.1.6'] })).toBe(true);
    expect(isKnown('192.168.1.5', { ...known, bound: ['192.168.1.6', '192.168.1.6'] })).toBe(false);
    expect(isKnown('192.168.1.5', { ...known, bound: [] })).toBe(false);
  });

  it('a page of another site is refused, its own page is not', async () => {
    const host = 'localhost:9090';
    expect(await status({ host, origin: 'https://evil.example' })).toBe(403);
    expect(await status({ host, origin: 'null' })).toBe(403);
    expect(await status({ host, origin: 'http://localhost:3000' })).toBe(403);
    expect(await status({ host, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await status({ host, origin: 'http://localhost:9090', 'sec-fetch-site': 'same-origin' })).toBe(
      200,
    );
    expect(await status({ host, 'sec-fetch-site': 'none' })).toBe(200);
  });

  it('a page of an allowed host may ask', () => {
    expect(isOwnOrigin('https://ui.lan', 'localhost:9090', { bound: [], allowed: ['ui.lan'] })).toBe(true);
    expect(isOwnOrigin('https://ui.lan.evil', 'localhost:9090', { bound: [], allowed: ['ui.lan'] })).toBe(
      false,
    );
  });

  it('a second Host and an absolute target must be known too', async () => {
    const { url } = await start();
    const ask = async (line: string, ...headers: string[]) => {
      const client = raw(url);
      client.write(head(line, 'Connection: close', ...headers));
      return (await client.all()).slice(9, 12);
    };
    expect(await ask('GET /providers')).toBe('200');
    expect(await ask('GET /providers', 'Host: evil.example')).toMatch(/^40[03]$/);
    expect(await ask('GET http://evil.example/providers')).toBe('403');
    expect(await ask('GET http://127.0.0.1/providers')).toBe('200');
  });
});
