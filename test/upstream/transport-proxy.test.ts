import { describe, expect, it } from 'vitest';
import { CERTIFICATE_FILE, closedPort, serveHttp, serveHttps, serveTcp } from '../support/loopback.ts';
import { serveHttpProxy, serveSocks } from '../support/proxies.ts';
import { useTransports } from '../support/transports.ts';

const { started, transportOf, send } = useTransports();

const hello = () => started(serveHttp((_request, response) => response.end('hello')));
const secureHello = () => started(serveHttps((_request, response) => response.end('hello')));

describe('an HTTP proxy', () => {
  it('gets a CONNECT for an https provider, and no byte of the request', async () => {
    const server = await secureHello();
    const proxy = await started(serveHttpProxy(server));
    const made = transportOf({
      proxy: `http://us%40er:p%3Aw@127.0.0.1:${proxy.port}`,
      caFile: CERTIFICATE_FILE,
    });
    const got = await send(made, { url: server.url, headers: ['x-api-key', 'key'] }).finished();
    expect(got.text).toBe('hello');
    const login = Buffer.from('us@er:p:w').toString('base64');
    expect(proxy.asked).toEqual([
      `CONNECT 127.0.0.1:${server.port} HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nproxy-authorization: Basic ${login}\r\n\r\n`,
    ]);
    await send(made, { url: server.url }).finished();
    expect(proxy.sockets).toHaveLength(1);
  });

  it('gets a plain request in absolute form for an http provider', async () => {
    const server = await hello();
    const proxy = await started(serveHttpProxy(server));
    const made = transportOf({ proxy: `http://user:pw@127.0.0.1:${proxy.port}` });
    const got = await send(made, { url: 'http://provider.example/v1/messages?beta=true' }).finished();
    expect(got.text).toBe('hello');
    expect(proxy.asked[0]).toMatch(
      /^POST http:\/\/provider\.example\/v1\/messages\?beta=true HTTP\/1\.1\r\nhost: provider\.example\r\n/,
    );
    expect(proxy.asked[0]).toContain(
      `proxy-authorization: Basic ${Buffer.from('user:pw').toString('base64')}\r\n`,
    );
  });

  it.each([
    [
      '407 to CONNECT',
      'https',
      'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n',
      'PROXY_407',
      /user name/,
    ],
    ['502 to CONNECT', 'https', 'HTTP/1.1 502 Bad Gateway\r\n\r\nsorry', 'PROXY_502', /HTTP 502/],
    [
      '407 to a plain request',
      'http',
      'HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n',
      'PROXY_407',
      /user name/,
    ],
    [
      'an answer that is not HTTP',
      'https',
      '220 mail.example ESMTP\r\n',
      'PROXY_PROTOCOL',
      /does not speak HTTP/,
    ],
    ['nothing but a close', 'https', '', 'PROXY_CLOSED', /handshake/],
  ])(
    'that gives %s is a failure to connect, without its password',
    async (_name, scheme, answer, code, message) => {
      const server = await hello();
      const proxy = await started(serveHttpProxy(server, answer));
      const made = transportOf({ proxy: `http://user:secret-password@127.0.0.1:${proxy.port}` });
      const got = await send(made, { url: `${scheme}://provider.example/` }).finished();
      expect(got.failure).toMatchObject({ kind: 'connect', code, reusedConnection: false });
      expect(got.failure.message).toMatch(message);
      expect(got.failure.message).not.toContain('secret-password');
      expect(got.status).toBeUndefined();
    },
  );

  it('that is not there is a failure to connect', async () => {
    const made = transportOf({ proxy: `http://127.0.0.1:${await closedPort()}` });
    const got = await send(made, { url: 'https://provider.example/' }).finished();
    expect(got.failure).toMatchObject({ kind: 'connect', code: 'ECONNREFUSED' });
  });

  it('that stalls in its handshake is left when the request is aborted', async () => {
    const proxy = await started(serveTcp((socket) => void socket.resume()));
    const made = transportOf({ proxy: `http://127.0.0.1:${proxy.port}` });
    const got = send(made, { url: 'https://provider.example/' });
    while (proxy.sockets.length === 0) await new Promise((go) => setImmediate(go));
    got.exchange.abort();
    while (!proxy.sockets[0]?.closed) await new Promise((go) => setImmediate(go));
    expect(got.outcome).toBeUndefined();
  });
});

describe('a SOCKS5 proxy', () => {
  it('gets the provider’s name unresolved, and carries http and https', async () => {
    const server = await hello();
    const proxy = await started(serveSocks(server));
    const made = transportOf({ proxy: `socks5://127.0.0.1:${proxy.port}` });
    const got = await send(made, { url: 'http://provider.invalid/v1' }).finished();
    expect(got.text).toBe('hello');
    expect(proxy.asked).toEqual(['provider.invalid:80']);
    const secure = await secureHello();
    const tunnel = await started(serveSocks(secure));
    const trusting = transportOf({ proxy: `socks5h://127.0.0.1:${tunnel.port}`, caFile: CERTIFICATE_FILE });
    expect((await send(trusting, { url: secure.url }).finished()).text).toBe('hello');
    expect(tunnel.asked).toEqual([`127.0.0.1:${secure.port}`]);
  });

  it('gets IPv6 addresses as such', async () => {
    const server = await hello();
    const proxy = await started(serveSocks(server));
    const made = transportOf({ proxy: `socks5://127.0.0.1:${proxy.port}` });
    await send(made, { url: 'http://[2001:db8::1:2]:81/' }).finished();
    expect(proxy.asked).toEqual(['20010db8000000000000000000010002:81']);
  });

  it('takes the right user and password, and a wrong one is a failure without it', async () => {
    const server = await hello();
    const proxy = await started(serveSocks(server, { login: { username: 'me', password: 'right-one' } }));
    const right = transportOf({ proxy: `socks5://me:right-one@127.0.0.1:${proxy.port}` });
    expect((await send(right, { url: 'http://provider.invalid/' }).finished()).text).toBe('hello');
    const wrong = transportOf({ proxy: `socks5://me:wrong-one@127.0.0.1:${proxy.port}` });
    const got = await send(wrong, { url: 'http://provider.invalid/' }).finished();
    expect(got.failure).toMatchObject({ kind: 'connect', code: 'PROXY_AUTH' });
    expect(got.failure.message).not.toContain('wrong-one');
    const none = transportOf({ proxy: `socks5://127.0.0.1:${proxy.port}` });
    expect((await send(none, { url: 'http://provider.invalid/' }).finished()).failure.code).toBe(
      'PROXY_AUTH',
    );
  });

  it('that refuses the connection says why', async () => {
    const server = await hello();
    const proxy = await started(serveSocks(server, { reply: 4 }));
    const made = transportOf({ proxy: `socks5://127.0.0.1:${proxy.port}` });
    const got = await send(made, { url: 'http://provider.invalid/' }).finished();
    expect(got.failure).toMatchObject({ kind: 'connect', code: 'PROXY_SOCKS_4' });
    expect(got.failure.message).toContain('host unreachable');
  });
});

describe('proxies of the environment', () => {
  it('serve providers without a proxy of their own, except those NO_PROXY names', async () => {
    const server = await hello();
    const proxy = await started(serveHttpProxy(server));
    const env = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '.invalid' };
    const made = transportOf({}, { env });
    expect((await send(made, { url: 'http://provider.example/' }).finished()).text).toBe('hello');
    const direct = await send(made, { url: 'http://provider.invalid/' }).finished();
    expect(direct.failure.message).toContain('DNS');
    expect(proxy.asked).toHaveLength(1);
  });

  it('never serve loopback', async () => {
    const server = await hello();
    const made = transportOf({}, { env: { http_proxy: `http://127.0.0.1:${await closedPort()}` } });
    expect((await send(made, { url: server.url }).finished()).text).toBe('hello');
  });

  it('that are unreadable fail the request instead of going around them', async () => {
    const made = transportOf({}, { env: { https_proxy: 'ftp://user:secret@proxy' } });
    const got = await send(made, { url: 'https://provider.example/' }).finished();
    expect(got.failure).toMatchObject({ kind: 'connect', code: 'INVALID_PROXY' });
    expect(got.failure.message).toContain('HTTPS_PROXY');
    expect(got.failure.message).not.toContain('secret');
  });
});
