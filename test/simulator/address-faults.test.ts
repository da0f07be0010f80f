import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ADDRESS_FAULTS } from '../../src/simulator/address-faults.ts';
import type { AddressFault } from '../../src/simulator/scenario.ts';
import { send } from '../support/client.ts';

/** The network's code with which a request to the faulty address fails. */
async function codeOf(fault: AddressFault): Promise<unknown> {
  const address = await fault.open();
  const failure = await send(`${address.url}/v1/messages`, { body: {} }).end.then(
    () => undefined,
    (error: unknown) => error,
  );
  await address.close();
  return failure instanceof Error && 'code' in failure ? failure.code : failure;
}

describe('an address without an HTTP server', () => {
  it('refuses the connection', async () => {
    expect(await codeOf(ADDRESS_FAULTS.connection_refused)).toBe('ECONNREFUSED');
  });

  it('has a name that cannot be resolved', async () => {
    expect(await codeOf(ADDRESS_FAULTS.dns_failure)).toBe('ENOTFOUND');
  });

  it('speaks plain HTTP where TLS is expected', async () => {
    expect(String(await codeOf(ADDRESS_FAULTS.ssl_error))).toMatch(/^(ERR_SSL_|EPROTO|ECONNRESET)/);
  });

  it('shows a certificate that nobody trusts', async () => {
    expect(await codeOf(ADDRESS_FAULTS.self_signed)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('never answers a TLS handshake', async () => {
    const address = await ADDRESS_FAULTS.tls_silence.open();
    const exchange = send(`${address.url}/v1/messages`, { body: {}, deadlineMs: 300 });
    await expect(exchange.end).rejects.toThrow('no end within 300 ms');
    exchange.abort();
    await address.close();
  });

  it.runIf(process.platform === 'linux')('never accepts a connection', async () => {
    const address = await ADDRESS_FAULTS.connect_timeout.open();
    const socket = connect(Number(new URL(address.url).port), '127.0.0.1');
    const outcome = new Promise((resolve) => {
      socket.on('connect', () => resolve('connected'));
      socket.on('error', (error) => resolve(error));
      socket.setTimeout(300, () => resolve('still connecting'));
    });
    expect(await outcome).toBe('still connecting');
    socket.destroy();
    await address.close();
  });
});
