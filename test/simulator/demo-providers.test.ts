import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { FileSchema } from '../../src/config/schema.ts';
import { type DemoProviders, startDemoProviders } from '../../src/simulator/demo-providers.ts';
import { messagesBody, send } from '../support/client.ts';

let demo: DemoProviders | undefined;

afterEach(async () => {
  await demo?.close();
  demo = undefined;
});

function ask(url: string) {
  return send(`${url}/v1/messages`, { body: messagesBody({ stream: false }) });
}

describe('the demonstration', () => {
  it('has three providers that a configuration file accepts as they are', async () => {
    demo = await startDemoProviders();
    const file = v.parse(FileSchema, { providers: demo.entries });
    expect(file.providers.map((provider) => provider.name)).toEqual(['broken', 'limited', 'steady']);
  });

  it('has one provider that always answers', async () => {
    demo = await startDemoProviders();
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask(demo?.steady.url ?? '').end));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
  });

  it('has one provider that says 429 with a retry-after to every third request', async () => {
    demo = await startDemoProviders();
    const statuses: (readonly [number, string | undefined])[] = [];
    for (let i = 0; i < 3; i += 1) {
      const answer = await ask(demo.limited.url).end;
      statuses.push([answer.status, answer.header('retry-after')]);
    }
    expect(statuses).toEqual([
      [200, undefined],
      [200, undefined],
      [429, '5'],
    ]);
  });

  it('has one provider that breaks in another way each time, and says how', async () => {
    const told: string[] = [];
    demo = await startDemoProviders({ onBreak: (name) => told.push(name) });
    for (let i = 0; i < 3; i += 1) await ask(demo.broken.url).end;
    expect(new Set(told).size).toBe(3);
  });
});
