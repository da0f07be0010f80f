import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { promptPreview } from '../../../src/protocols/anthropic/prompt-preview.ts';

function preview(messages: unknown): string | undefined {
  return promptPreview(Buffer.from(JSON.stringify({ messages })));
}

describe('the preview of a prompt', () => {
  it.each<[string, unknown, string | undefined]>([
    ['a plain string', [{ role: 'user', content: 'hello' }], 'hello'],
    [
      'the last text block',
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
      ],
      'b',
    ],
    ['one line', [{ role: 'user', content: ' a\n\n b ' }], 'a b'],
    [
      "the user's last words before a tool's result",
      [
        { role: 'user', content: 'do it' },
        { role: 'assistant', content: [{ type: 'tool_use' }] },
        { role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', text: 'secret' }] }] },
      ],
      'do it',
    ],
    [
      'nothing of other roles',
      [
        { role: 'system', content: 's' },
        { role: 'assistant', content: 'a' },
      ],
      undefined,
    ],
    ['nothing of what is no message', ['text', null, 5, { role: 'user', content: 5 }], undefined],
    ['nothing without messages', undefined, undefined],
  ])('is %s', (_, messages, want) => {
    expect(preview(messages)).toBe(want);
  });

  it('is about 120 characters long and cuts none in half', () => {
    const text = preview([{ role: 'user', content: '😀'.repeat(200) }]);
    expect(text).toBe(`${'😀'.repeat(120)}…`);
    expect(preview([{ role: 'user', content: 'x'.repeat(120) }])).toBe('x'.repeat(120));
  });

  it('is short for a real request', () => {
    const url = new URL('../../fixtures/claude-code/main-turn-streaming.json', import.meta.url);
    const { body } = JSON.parse(readFileSync(url, 'utf8')) as { body: unknown };
    const text = promptPreview(Buffer.from(JSON.stringify(body)));
    expect(text?.length).toBeLessThanOrEqual(121);
    expect(text).not.toBe('');
  });

  it('is nothing for a body that is no JSON', () => {
    expect(promptPreview(Buffer.from('{"messages":'))).toBeUndefined();
  });
});
