import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { loadTrust } from '../../src/upstream/certificates.ts';
import { CERTIFICATE_FILE, serveHttps, serveTls } from '../support/loopback.ts';
import { serveSocks } from '../support/proxies.ts';
import { eventually } from '../support/recording.ts';
import { useTransports } from '../support/transports.ts';

const { started, transportOf, send } = useTransports();

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('ca_file', () => {
  it('makes a private authority trusted, by address and by name', async () => {
    const server = await started(serveHttps((_request, response) => response.end('hello')));
    const made = transportOf({ caFile: CERTIFICATE_FILE });
    expect((await send(made, { url: server.url }).finished()).text).toBe('hello');
    const named = server.url.replace('127.0.0.1', 'localhost');
    expect((await send(made, { url: named }).finished()).text).toBe('hello');
  });

  it('does not make a certificate for another host good', async () => {
    const server = await started(serveHttps((_request, response) => response.end('hello')));
    const proxy = await started(serveSocks(server));
    const made = transportOf({ caFile: CERTIFICATE_FILE, proxy: `socks5://127.0.0.1:${proxy.port}` });
    const got = await send(made, { url: 'https://other.example/' }).finished();
    expect(got.failure).toMatchObject({ kind: 'connect', code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(got.failure.message).toContain('another host');
  });

  it('that can’t be read fails each request with what to do', async () => {
    const made = transportOf({ caFile: '/nowhere/ca.pem' });
    const got = await send(made, { url: 'https://127.0.0.1:1/' }).finished();
    expect(got.failure).toMatchObject({ kind: 'connect', code: 'INVALID_CA_FILE' });
    expect(got.failure.message).toContain('/nowhere/ca.pem');
  });

  it('without a certificate in it, or with a damaged one, is unusable; none is the default', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ca-'));
    const file = join(folder, 'ca.pem');
    await writeFile(file, 'not a certificate');
    expect(loadTrust(file, undefined).kind).toBe('unusable');
    await writeFile(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    expect(loadTrust(file, undefined).kind).toBe('unusable');
    await writeFile(file, rootCertificates[0] ?? '');
    expect(loadTrust(file, CERTIFICATE_FILE).kind).toBe('extended');
    expect(loadTrust(undefined, CERTIFICATE_FILE).kind).toBe('default');
    await rm(folder, { recursive: true });
  });

  it('keeps the authorities of NODE_EXTRA_CA_CERTS', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ca-'));
    const file = join(folder, 'ca.pem');
    await writeFile(file, rootCertificates[0] ?? '');
    const server = await started(serveHttps((_request, response) => response.end('hello')));
    const made = transportOf({ caFile: file }, { env: { NODE_EXTRA_CA_CERTS: CERTIFICATE_FILE } });
    expect((await send(made, { url: server.url }).finished()).text).toBe('hello');
    await rm(folder, { recursive: true });
  });
});

describe('a TLS connection', () => {
  it('that is closed on reuse before any byte of the answer counts as reused', async () => {
    let count = 0;
    const server = await started(
      serveTls((socket) => {
        socket.on('data', () => {
          count += 1;
          if (count === 1) socket.write(OK);
          else socket.end();
        });
      }),
    );
    const made = transportOf({ caFile: CERTIFICATE_FILE });
    expect((await send(made, { url: server.url }).finished()).outcome).toBe('end');
    const got = await send(made, { url: server.url }).finished();
    expect(got.failure).toMatchObject({ kind: 'reset', reusedConnection: true });
    expect(server.sockets).toHaveLength(1);
  });

  it.each(['keep-alive', 'close'])(
    'that breaks while paused fails once (connection: %s)',
    async (connection) => {
      const server = await started(
        serveTls((socket) => {
          socket.once('data', () =>
            socket.write(
              `HTTP/1.1 200 OK\r\nconnection: ${connection}\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n`,
            ),
          );
        }),
      );
      const got = send(transportOf({ caFile: CERTIFICATE_FILE }), { url: server.url });
      got.wantsMore = false;
      await got.until('first chunk', () => got.text === 'a');
      server.sockets[0]?.resetAndDestroy();
      await eventually('server side closed', () => server.sockets[0]?.closed === true);
      got.wantsMore = true;
      got.exchange.resume();
      await got.finished();
      expect(got.failure.kind).toBe('reset');
      expect(got.text).toBe('ab');
      expect(got.afterEnd).toBe(0);
    },
  );
});
