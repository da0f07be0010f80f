import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openInspector } from '../../src/cli/inspector.ts';
import { createApp } from '../../src/http/app.ts';
import type { AppDependencies } from '../../src/http/context.ts';
import { inspectorSocket } from '../../src/http/inspector/socket.ts';
import { type RunningServer, startServer } from '../../src/http/server.ts';
import { plainDependencies, SETTINGS } from '../http/fixture.ts';
import { eventually } from '../support/recording.ts';

const servers: RunningServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.destroy();
});

/** An inspector whose listeners are counted, and its server. */
async function inspected() {
  const listening = new Set<() => void>();
  const inspector = openInspector({
    settings: () => SETTINGS,
    now: Date.now,
    redact: (text) => text,
    follow: () => () => {},
  });
  if (inspector === undefined) throw new Error('no inspector');
  const onClosing = (listener: () => void): (() => void) => {
    const leave = inspector.onClosing(listener);
    listening.add(leave);
    return () => {
      listening.delete(leave);
      leave();
    };
  };
  const deps: AppDependencies = {
    ...plainDependencies(),
    inspector: Object.create(inspector, { onClosing: { value: onClosing } }) as typeof inspector,
  };
  const started = await startServer({
    app: createApp(deps),
    host: '127.0.0.1',
    port: 0,
    observe: () => {},
    upgrade: inspectorSocket(deps),
  });
  if (started.kind === 'failed') throw new Error(started.message);
  servers.push(started.server);
  return { url: started.server.url, listening, close: () => inspector.close() };
}

it('a reader of the feed that has left is waited for no longer', async () => {
  const { url, listening } = await inspected();
  const reader = new AbortController();
  const feed = await fetch(`${url}/inspector/events`, { signal: reader.signal });
  expect([feed.status, listening.size]).toEqual([200, 1]);
  reader.abort();
  await eventually('nobody is waited for', () => listening.size === 0);
});

it('a reader of Stately’s protocol that has left is waited for no longer', async () => {
  const { url, listening } = await inspected();
  const socket = new WebSocket(`${url.replace('http', 'ws')}/inspector/ws`);
  await once(socket, 'open');
  expect(listening.size).toBe(1);
  socket.close();
  await eventually('nobody is waited for', () => listening.size === 0);
});

it('a reader that is there at the end sees its feed end', async () => {
  const { url, listening, close } = await inspected();
  const feed = await fetch(`${url}/inspector/events`);
  close();
  expect(await feed.text()).toContain('event: hello');
  expect(listening.size).toBe(0);
  expect(await (await fetch(`${url}/inspector/events`)).text()).toContain('event: hello');
});
