import { describe } from 'vitest';
import type { AnswerBlock, Behaviour } from '../../src/simulator/behaviour.ts';
import type { ReceivedRequest } from '../../src/simulator/received-request.ts';
import { scenario } from '../../src/simulator/scenarios.ts';
import { entry } from './support/balancer.ts';
import { type Block, contentOf, messagesOf } from './support/bodies.ts';
import { scene } from './support/stage.ts';

const DONE = 'All done.';

/** Answers the first turn with `blocks`, the turn after their tools with a text. */
function toolTurn(blocks: readonly AnswerBlock[]) {
  return (request: ReceivedRequest): Behaviour =>
    toolResultsOf(request).length === 0 ? { kind: 'message', blocks } : { kind: 'message', text: DONE };
}

function bash(id: string, command: string): AnswerBlock {
  return { type: 'tool_use', id, name: 'Bash', input: { command, description: 'Says something' } };
}

function toolResultsOf(request: ReceivedRequest): readonly Block[] {
  return contentOf(request).filter(({ type }) => type === 'tool_result');
}

const WITH_BASH = { args: ['--allowedTools', 'Bash'] };

describe('A conversation with tools', () => {
  scene.concurrent('runs a Bash call and goes on with its result', async ({ stage, expect }) => {
    const broken = await stage.provider({ name: 'first', behaviour: scenario('bad_gateway').behaviour });
    const good = await stage.provider({
      name: 'second',
      behaviour: toolTurn([{ type: 'text', text: 'I run it.' }, bash('toolu_1', 'echo hello-from-tool')]),
    });
    const balancer = await stage.balancer({
      providers: [entry('first', broken.url), entry('second', good.url)],
    });
    const result = await stage.claude(balancer.url, WITH_BASH);

    expect(result).toEqual({ code: 0, stdout: `${DONE}\n`, stderr: '' });
    expect(balancer.tap.requests).toHaveLength(2);
    expect(good.requests).toHaveLength(2);
    expect(good.requests.flatMap(toolResultsOf)).toMatchObject([
      { tool_use_id: 'toolu_1', content: 'hello-from-tool' },
    ]);
    // The session stays with whoever answered it: the broken one was asked once.
    expect(broken.requests).toHaveLength(1);
  });

  scene.concurrent('runs parallel calls and returns all their results at once', async ({ stage, expect }) => {
    const words = ['one', 'two', 'three'];
    const provider = await stage.provider({
      name: 'only',
      behaviour: toolTurn(words.map((word) => bash(`toolu_${word}`, `echo said-${word}`))),
    });
    const balancer = await stage.balancer({ providers: [entry('only', provider.url)] });
    const result = await stage.claude(balancer.url, WITH_BASH);

    expect(result).toEqual({ code: 0, stdout: `${DONE}\n`, stderr: '' });
    expect(balancer.tap.requests).toHaveLength(2);
    // In the order in which they ended.
    const results = provider.requests
      .flatMap(toolResultsOf)
      .map(({ tool_use_id, content }) => [tool_use_id, content]);
    expect(new Map(results as [unknown, unknown][])).toEqual(
      new Map(words.map((word) => [`toolu_${word}`, `said-${word}`])),
    );
  });

  scene.concurrent(
    'takes foreign thinking out for another provider, which would refuse its signature',
    async ({ stage, expect }) => {
      const thought = 'I had better look with a tool.';
      const firstTurn: Behaviour = {
        kind: 'message',
        blocks: [{ type: 'thinking', thinking: thought }, bash('toolu_1', 'echo seen')],
      };
      const first = await stage.provider({
        name: 'first',
        behaviour: [firstTurn, scenario('internal_server_error').behaviour],
      });
      const second = await stage.provider({ name: 'second', behaviour: { kind: 'message', text: DONE } });
      const balancer = await stage.balancer({
        providers: [entry('first', first.url), entry('second', second.url)],
      });
      const result = await stage.claude(balancer.url, WITH_BASH);

      expect(result).toEqual({ code: 0, stdout: `${DONE}\n`, stderr: '' });
      expect(balancer.tap.requests).toHaveLength(2);
      const { trace } = await balancer.events.next('request.ended', 2);
      expect(
        trace.attempts.map(({ candidate, outcome, repair }) => [candidate.provider, outcome?.kind, repair]),
      ).toEqual([
        ['first', 'server_error', undefined],
        ['second', 'success', undefined],
      ]);
      const [stripped] = second.requests;
      expect(first.requests[1]?.body.toString()).toContain(thought);
      expect(stripped?.body.toString()).not.toContain(thought);
      expect(stripped && toolResultsOf(stripped)).toMatchObject([
        { tool_use_id: 'toolu_1', content: 'seen' },
      ]);
      expect(messagesOf(stripped)).toHaveLength(messagesOf(first.requests[1]).length);
    },
  );
});

describe('A burst of count_tokens, as /context sends it,', () => {
  scene.concurrent(
    'is answered by the next provider, and the first keeps its health',
    async ({ stage, expect }) => {
      const first = await stage.provider({
        name: 'first',
        behaviour: { kind: 'message', text: 'hello' },
        sideBehaviour: { kind: 'http', status: 404, body: { error: 'no such endpoint' } },
      });
      const second = await stage.provider({ name: 'second', behaviour: { kind: 'message' } });
      const balancer = await stage.balancer({
        providers: [entry('first', first.url), entry('second', second.url)],
      });
      const result = await stage.claude(balancer.url, { prompt: '/context' });

      expect(result).toMatchObject({ code: 0, stderr: '' });
      const asked = balancer.tap.requests.map(({ path }) => path.split('?')[0]);
      expect(asked.length).toBeGreaterThan(10);
      expect(new Set(asked)).toEqual(new Set(['/v1/messages/count_tokens']));
      const ended = await Promise.all(asked.map((_, at) => balancer.events.next('request.ended', at + 1)));
      expect(ended.map(({ status, provider }) => [status, provider])).toEqual(
        asked.map(() => [200, 'second']),
      );
      const [status] = balancer.balancer.engine.status().providers;
      expect(status).toMatchObject({ state: 'healthy', health: { failures: 0 } });
    },
  );
});
