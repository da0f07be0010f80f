import { afterEach } from 'vitest';
import type { HttpLimits } from '../../src/http/limits.ts';
import type { RunningServer } from '../../src/http/server.ts';
import { Fixture } from './fixture.ts';
import { RawClient } from './raw.ts';

/** Gives a file's tests servers and raw clients that are gone after each test. */
export function loopback() {
  const fixtures: Fixture[] = [];
  const clients: RawClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    for (const fixture of fixtures.splice(0)) fixture.stop();
  });
  return {
    async start(limits: Partial<HttpLimits> = {}): Promise<{
      fixture: Fixture;
      url: string;
      server: RunningServer;
    }> {
      const fixture = new Fixture(limits);
      fixtures.push(fixture);
      const server = await fixture.listen();
      return { fixture, url: server.url, server };
    },
    raw(url: string): RawClient {
      const client = new RawClient(url);
      clients.push(client);
      return client;
    },
  };
}
