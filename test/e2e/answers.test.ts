import { describe } from 'vitest';
import { type ScenarioName, scenario } from '../../src/simulator/scenarios.ts';
import { entry } from './support/balancer.ts';
import { scene } from './support/stage.ts';

/** Good answers that are told oddly. Those that make the client ask again (tools, `max_tokens`) are elsewhere. */
const ODD_ANSWERS: readonly ScenarioName[] = [
  'streaming_success',
  'thinking',
  'redacted_thinking',
  'server_tools',
  'talk_of_errors',
  'fin_after_message_delta',
  'reset_after_message_delta',
  'open_after_message_stop',
  'hidden_thinking',
  'slow',
  'crlf',
  'no_event_lines',
  'split_writes',
  'gzip',
  'deflate',
  'brotli',
  'unframed',
  'json_for_stream',
];

const ODD = ODD_ANSWERS.map((name) => ({ name, about: scenario(name).about }));

describe('Claude Code prints an answer after one request, and nobody else is asked, when it comes', () => {
  scene.concurrent.for(ODD)('as $name: $about', async ({ name }, { stage, expect }) => {
    const first = await stage.provider({ name: 'first', behaviour: scenario(name).behaviour });
    const second = await stage.provider({ name: 'second', behaviour: { kind: 'message' } });
    const balancer = await stage.balancer({
      providers: [entry('first', first.url), entry('second', second.url)],
    });
    const result = await stage.claude(balancer.url);

    const ended = await balancer.events.next('request.ended');
    expect(ended.trace.attempts.map(({ candidate, outcome }) => [candidate.provider, outcome?.kind])).toEqual(
      [['first', 'success']],
    );
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain(textOf(name));
    expect(balancer.tap.requests.map(({ method }) => method)).toEqual(['POST']);
    expect(first.requests).toHaveLength(1);
    expect(second.requests).toHaveLength(0);
  });
});

/** The last text block of a scenario's answer; the provider's greeting, of which its name is certain, where it has none. */
function textOf(name: ScenarioName): string {
  const { behaviour } = scenario(name);
  if (behaviour.kind !== 'message') return 'first';
  const texts = behaviour.blocks?.flatMap((block) => (block.type === 'text' ? [block.text] : [])) ?? [];
  return behaviour.text ?? texts.at(-1) ?? 'first';
}
