import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SimulatedProvider, startProvider } from '../../src/simulator/provider.ts';
import { fetchAnswer, messagesBody, send } from '../support/client.ts';
import { createWorkplace, type Running, type Workplace } from './support.ts';

/** Every answer stops before its last event until the provider is told to go on. */
let provider: SimulatedProvider;
let workplace: Workplace;

beforeEach(async () => {
  workplace = createWorkplace();
  provider = await startProvider({ behaviour: { kind: 'message', text: 'Hello', hold: 'before_last' } });
});
afterEach(async () => {
  await workplace.close();
  await provider.close();
});

async function launch(settings = '{}'): Promise<Running> {
  const cwd = await workplace.folder({
    'providers.yaml': `
providers:
  - name: held
    base_url: ${provider.url}
    auth_value: key-of-held-1234
settings: ${settings}
`,
  });
  return workplace.launch(['start', '--port', '0'], { cwd });
}

/** A stream whose content has begun to arrive. */
async function openStream(url: string) {
  const stream = send(`${url}/v1/messages`, { body: messagesBody(), deadlineMs: 15_000 });
  await stream.text('content_block_delta');
  return stream;
}

const draining = /"event":"server\.draining"/;

describe('a signal', () => {
  it('ends an idle balancer with 0', async () => {
    const balancer = await launch();
    await balancer.url;
    balancer.signal('SIGTERM');
    expect(await balancer.exit).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('%s lets a running stream come to its end', async (name) => {
    const balancer = await launch();
    const stream = await openStream(await balancer.url);
    balancer.signal(name);
    await balancer.printed(draining);
    provider.release();
    const answer = await stream.end;
    expect(answer.end).toBe('complete');
    expect(answer.events.at(-1)?.name).toBe('message_stop');
    expect(await balancer.exit).toBe(0);
  });

  it('refuses new requests with 503 and a retry-after while a stream is still running', async () => {
    const balancer = await launch();
    const url = await balancer.url;
    const stream = await openStream(url);
    balancer.signal('SIGTERM');
    await balancer.printed(draining);
    const refused = await fetchAnswer(`${url}/v1/messages`, { body: messagesBody() });
    expect(refused.status).toBe(503);
    expect(Number(refused.header('retry-after'))).toBeGreaterThan(0);
    expect(refused.json()).toMatchObject({ type: 'error', error: { type: 'api_error' } });
    expect((await fetchAnswer(`${url}/readyz`)).status).toBe(503);
    expect(provider.requests).toHaveLength(1);
    provider.release();
    expect((await stream.end).end).toBe('complete');
    expect(await balancer.exit).toBe(0);
  });

  it('waits no longer than shutdown_timeout', async () => {
    const balancer = await launch('{ shutdown_timeout: 0.1 }');
    const stream = await openStream(await balancer.url);
    balancer.signal('SIGTERM');
    expect(await balancer.exit).toBe(0);
    expect((await stream.end).text).not.toContain('message_stop');
  });

  it('given twice ends at once, whatever is still running', async () => {
    const balancer = await launch('{ shutdown_timeout: 3600 }');
    const stream = await openStream(await balancer.url);
    balancer.signal('SIGINT');
    await balancer.printed(draining);
    balancer.signal('SIGINT');
    expect(await balancer.exit).toBe(0);
    expect((await stream.end).text).not.toContain('message_stop');
  });
});
