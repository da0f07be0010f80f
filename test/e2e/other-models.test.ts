import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import type { AnswerBlock, Behaviour } from '../../src/simulator/behaviour.ts';
import type { ReceivedRequest } from '../../src/simulator/received-request.ts';
import { entry, keyOf } from './support/balancer.ts';
import { CLIENT_KEY } from './support/claude.ts';
import { scene } from './support/stage.ts';

const DONE = 'All done.';
const DOWN: Behaviour = { kind: 'http', status: 500, body: 'down' };
const TOOLS = { args: ['--allowedTools', 'Bash', 'Read'] };
/** One transparent pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

interface ChatMessage {
  readonly role: string;
  readonly content: string | null | readonly { readonly type: string; readonly [field: string]: unknown }[];
  readonly tool_calls?: readonly { readonly id: string }[];
  readonly tool_call_id?: string;
}

function messagesOf(request: ReceivedRequest | undefined): readonly ChatMessage[] {
  const body = request?.json() as { readonly messages?: readonly ChatMessage[] } | undefined;
  return body?.messages ?? [];
}

/** Results of tools in the conversation, whichever protocol it is in. */
function resultsIn(request: ReceivedRequest): number {
  return request.body.toString().match(/"role":"tool"|"type":"tool_result"/g)?.length ?? 0;
}

const text = (words: string): Behaviour => ({ kind: 'message', text: words });
const bash = (id: string, command: string): AnswerBlock => ({
  type: 'tool_use',
  id,
  name: 'Bash',
  input: { command, description: 'Says something' },
});

/** Answers by how many results the conversation holds; the last answer for all further ones. */
function byResults(...answers: readonly Behaviour[]) {
  return (request: ReceivedRequest): Behaviour =>
    answers[Math.min(resultsIn(request), answers.length - 1)] ?? text(DONE);
}

const turn = (...blocks: AnswerBlock[]): Behaviour => ({ kind: 'message', blocks });

/** The provider refuses whatever breaks the rules of strict servers: a success says that nothing did. */
describe('Claude Code on a provider of type openai alone', () => {
  scene.concurrent('prints its text', async ({ stage, expect }) => {
    const provider = await stage.provider({ name: 'chat', behaviour: text(DONE) });
    const balancer = await stage.balancer({ providers: [entry('chat', provider.url, { type: 'openai' })] });
    expect(await stage.claude(balancer.url)).toEqual({ code: 0, stdout: `${DONE}\n`, stderr: '' });
    expect(balancer.tap.requests).toHaveLength(1);
    for (const { path, rawHeaders, body } of provider.requests) {
      expect(path).toBe('/v1/chat/completions');
      const headers = rawHeaders.join('\n');
      expect(headers).toContain(`Bearer ${keyOf('chat')}`);
      expect(headers).not.toMatch(/anthropic|x-stainless|x-app|claude-cli/i);
      expect(headers).not.toContain(CLIENT_KEY);
      for (const field of [
        'thinking',
        'context_management',
        'output_config',
        'metadata',
        'cache_control',
        'defer_loading',
      ])
        expect(body.toString()).not.toContain(`"${field}":`);
    }
  });

  scene.concurrent('runs a Bash call and goes on with its result', async ({ stage, expect }) => {
    const provider = await stage.provider({
      name: 'chat',
      behaviour: byResults(
        turn({ type: 'text', text: 'I run it.' }, bash('call_1', 'echo hello-from-tool')),
        text(DONE),
      ),
    });
    const balancer = await stage.balancer({ providers: [entry('chat', provider.url, { type: 'openai' })] });
    expect(await stage.claude(balancer.url, TOOLS)).toEqual({ code: 0, stdout: `${DONE}\n`, stderr: '' });
    expect(messagesOf(provider.requests.at(-1)).filter(({ role }) => role === 'tool')).toMatchObject([
      { tool_call_id: 'call_1', content: 'hello-from-tool' },
    ]);
  });

  scene.concurrent('runs three parallel calls', async ({ stage, expect }) => {
    const words = ['one', 'two', 'three'];
    const provider = await stage.provider({
      name: 'chat',
      behaviour: byResults(
        turn(...words.map((word) => bash(`call_${word}`, `echo said-${word}`))),
        text(DONE),
      ),
    });
    const balancer = await stage.balancer({ providers: [entry('chat', provider.url, { type: 'openai' })] });
    expect(await stage.claude(balancer.url, TOOLS)).toEqual({ code: 0, stdout: `${DONE}\n`, stderr: '' });
    const results = messagesOf(provider.requests.at(-1)).filter(({ role }) => role === 'tool');
    expect(results.map(({ tool_call_id, content }) => [tool_call_id, content])).toEqual(
      words.map((word) => [`call_${word}`, `said-${word}`]),
    );
  });

  scene.concurrent('reads an image', async ({ stage, expect }) => {
    const home = await stage.folder();
    const file = join(home, 'pixel.png');
    await writeFile(file, Buffer.from(PIXEL, 'base64'));
    const provider = await stage.provider({
      name: 'chat',
      behaviour: byResults(
        turn({ type: 'tool_use', id: 'call_1', name: 'Read', input: { file_path: file } }),
        text(DONE),
      ),
    });
    const balancer = await stage.balancer({ providers: [entry('chat', provider.url, { type: 'openai' })] });
    expect(await stage.claude(balancer.url, { ...TOOLS, home })).toEqual({
      code: 0,
      stdout: `${DONE}\n`,
      stderr: '',
    });
    const messages = messagesOf(provider.requests.at(-1));
    const at = messages.findIndex(({ role }) => role === 'tool');
    expect(messages[at]?.tool_call_id).toBe('call_1');
    const parts = messages.slice(at + 1).flatMap(({ content }) => (Array.isArray(content) ? content : []));
    expect(parts.filter(({ type }) => type === 'image_url')).toMatchObject([
      { image_url: { url: expect.stringMatching(/^data:image\/png;base64,/) } },
    ]);
  });

  scene.concurrent('thinks, and its thinking goes back where it is wanted', async ({ stage, expect }) => {
    const provider = await stage.provider({
      name: 'chat',
      behaviour: byResults(
        turn({ type: 'thinking', thinking: 'I had better look.' }, bash('call_1', 'echo seen')),
        text(DONE),
      ),
    });
    const balancer = await stage.balancer({
      providers: [
        entry('chat', provider.url, { type: 'openai', compat: { reasoning: 'reasoning_content' } }),
      ],
    });
    expect(await stage.claude(balancer.url, TOOLS)).toEqual({ code: 0, stdout: `${DONE}\n`, stderr: '' });
    expect(messagesOf(provider.requests.at(-1)).filter(({ role }) => role === 'assistant')).toMatchObject([
      { reasoning_content: 'I had better look.', tool_calls: [{ id: 'call_1' }] },
    ]);
  });

  scene.concurrent('goes through a long session of tool turns', async ({ stage, expect }) => {
    const turns = 20;
    const provider = await stage.provider({
      name: 'chat',
      behaviour: (request) => {
        const at = resultsIn(request);
        return at < turns ? turn(bash(`call_${at}`, `echo turn-${at}`)) : text(DONE);
      },
    });
    const balancer = await stage.balancer({ providers: [entry('chat', provider.url, { type: 'openai' })] });
    const result = await stage.claude(balancer.url, { ...TOOLS, deadlineMs: 110_000 });
    expect(result).toEqual({ code: 0, stdout: `${DONE}\n`, stderr: '' });
    const results = messagesOf(provider.requests.at(-1)).filter(({ role }) => role === 'tool');
    expect(results.map(({ content }) => content)).toEqual(
      Array.from({ length: turns }, (_, at) => `turn-${at}`),
    );
    expect(balancer.tap.requests).toHaveLength(turns + 1);
  });
});

describe('A session of Claude Code', () => {
  scene.concurrent(
    'is taken over by a provider of type openai in its middle, and goes back',
    async ({ stage, expect }) => {
      const thought = 'Claude thinks of it.';
      const real = await stage.provider({
        name: 'real',
        behaviour: (request) => {
          const at = resultsIn(request);
          if (at === 1 || at === 2) return DOWN;
          if (at === 0)
            return turn({ type: 'thinking', thinking: thought }, bash('toolu_1', 'echo by-claude'));
          return text(DONE);
        },
      });
      const chat = await stage.provider({
        name: 'chat',
        behaviour: (request) =>
          turn(
            { type: 'thinking', thinking: 'The other one thinks.' },
            bash(`call_${resultsIn(request)}`, `echo by-other-${resultsIn(request)}`),
          ),
      });
      const balancer = await stage.balancer({
        providers: [entry('real', real.url), entry('chat', chat.url, { type: 'openai' })],
        settings: { sticky_provider_duration: 0, unhealthy_threshold: 100 },
      });
      expect(await stage.claude(balancer.url, TOOLS)).toEqual({ code: 0, stdout: `${DONE}\n`, stderr: '' });

      const { trace } = await balancer.events.next('request.ended', 4);
      expect(trace.attempts.map(({ candidate, outcome }) => [candidate.provider, outcome?.kind])).toEqual([
        ['real', 'success'],
      ]);
      expect(chat.requests).toHaveLength(2);
      expect(
        messagesOf(chat.requests[1])
          .filter(({ role }) => role === 'tool')
          .map(({ content }) => content),
      ).toEqual(['by-claude', 'by-other-1']);
      const last = real.requests.at(-1)?.body.toString() ?? '';
      // Its own thinking is still there, the other one’s is not, and all results are.
      expect(last).toContain(thought);
      expect(last).not.toContain('The other one thinks.');
      for (const said of ['by-claude', 'by-other-1', 'by-other-2']) expect(last).toContain(said);
    },
  );
});
