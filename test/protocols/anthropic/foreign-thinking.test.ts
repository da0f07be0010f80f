import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  withoutForeignThinking,
  withoutThinking,
} from '../../../src/protocols/anthropic/foreign-thinking.ts';

type Json = Record<string, unknown>;

const THOUGHT = { type: 'thinking', thinking: 'hm', signature: 'EqQB' };
const REDACTED = { type: 'redacted_thinking', data: 'x' };
const TEXT = { type: 'text', text: 'hi' };
const CALL = { type: 'tool_use', id: 't1', name: 'Bash', input: {} };
const RESULT = { type: 'tool_result', tool_use_id: 't1', content: 'ok' };
const ADAPTIVE = { type: 'adaptive', display: 'updates' };
const CLEAR_THINKING = { type: 'clear_thinking_20251015', keep: 'all' };
const CLEAR_TOOLS = { type: 'clear_tool_uses_20250919' };

const user = (...content: unknown[]) => ({ role: 'user', content });
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });

function repaired(body: Json): Json {
  return JSON.parse(withoutThinking(Buffer.from(JSON.stringify(body))).toString()) as Json;
}

function fixture(name: string): Buffer {
  const url = new URL(`../../fixtures/claude-code/${name}.json`, import.meta.url);
  return Buffer.from(JSON.stringify((JSON.parse(readFileSync(url, 'utf8')) as Json).body));
}

describe('a request without foreign thinking', () => {
  it('keeps everything else of a finished conversation, thinking itself included', () => {
    const body = {
      model: 'm',
      thinking: ADAPTIVE,
      context_management: { edits: [CLEAR_THINKING] },
      messages: [user(TEXT), assistant(THOUGHT, REDACTED, TEXT), user(TEXT)],
    };
    expect(repaired(body)).toEqual({ ...body, messages: [user(TEXT), assistant(TEXT), user(TEXT)] });
  });

  it('switches thinking off in an open tool loop, with its edits of the context', () => {
    const body = {
      thinking: ADAPTIVE,
      output_config: { effort: 'medium' },
      context_management: { edits: [CLEAR_THINKING] },
      messages: [user(TEXT), assistant(THOUGHT, CALL), user(RESULT)],
    };
    expect(repaired(body)).toEqual({
      thinking: { type: 'disabled' },
      output_config: { effort: 'medium' },
      messages: [user(TEXT), assistant(CALL), user(RESULT)],
    });
  });

  it('does so when text or a system message follows the results', () => {
    const messages = [
      user(TEXT),
      assistant(THOUGHT, CALL),
      user(RESULT, TEXT),
      { role: 'system', content: 's' },
    ];
    expect(repaired({ thinking: ADAPTIVE, messages }).thinking).toEqual({ type: 'disabled' });
  });

  it('leaves thinking on when the loop has closed', () => {
    const messages = [user(TEXT), assistant(THOUGHT, CALL), user(RESULT), assistant(TEXT), user(TEXT)];
    expect(repaired({ thinking: ADAPTIVE, messages }).thinking).toEqual(ADAPTIVE);
  });

  it('keeps other edits of the context', () => {
    const messages = [user(TEXT), assistant(THOUGHT, CALL), user(RESULT)];
    const body = {
      thinking: ADAPTIVE,
      context_management: { edits: [CLEAR_THINKING, CLEAR_TOOLS] },
      messages,
    };
    expect(repaired(body).context_management).toEqual({ edits: [CLEAR_TOOLS] });
  });

  it('adds no thinking field where there was none', () => {
    const messages = [user(TEXT), assistant(THOUGHT, CALL), user(RESULT)];
    expect(repaired({ messages })).not.toHaveProperty('thinking');
  });

  it('puts a text where a turn was nothing but thinking, so that turns alternate', () => {
    const { messages } = repaired({ messages: [user(TEXT), assistant(THOUGHT), user(TEXT)] });
    expect(messages).toEqual([user(TEXT), assistant({ type: 'text', text: expect.any(String) }), user(TEXT)]);
  });

  it('drops a last turn that was nothing but thinking', () => {
    expect(repaired({ messages: [user(TEXT), assistant(REDACTED)] }).messages).toEqual([user(TEXT)]);
  });

  it("leaves alone what is no assistant's thinking", () => {
    const messages = [
      user(TEXT, { type: 'thinking', thinking: 'mine' }),
      assistant(TEXT),
      { role: 'assistant', content: 'x' },
    ];
    const body = Buffer.from(JSON.stringify({ messages }));
    expect(withoutThinking(body)).toBe(body);
  });

  it.each(['{"messages":5}', '[]', 'no JSON', ''])('returns %j as it is', (text) => {
    const body = Buffer.from(text);
    expect(withoutThinking(body)).toBe(body);
  });

  it('leaves no empty message and no thinking, whatever the conversation', () => {
    const block = fc.constantFrom<unknown>(THOUGHT, REDACTED, TEXT, CALL, RESULT);
    const message = fc
      .tuple(fc.constantFrom('user', 'assistant'), fc.array(block, { minLength: 1, maxLength: 4 }))
      .map(([role, content]) => ({
        role,
        content: content.filter((one) => role === 'assistant' || one === TEXT),
      }))
      .filter(({ content }) => content.length > 0);
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 6 }), (messages) => {
        const after = repaired({ messages }).messages as { role: string; content: Json[] }[];
        expect(after.length).toBeGreaterThan(0);
        for (const { content } of after) {
          expect(content.length).toBeGreaterThan(0);
          expect(content).not.toContainEqual(THOUGHT);
          expect(content).not.toContainEqual(REDACTED);
        }
        // Only a last turn may go; every other keeps its place.
        expect(after.map(({ role }) => role)).toEqual(
          messages.map(({ role }) => role).slice(0, after.length),
        );
        expect(messages.length - after.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('changes in a real request only what it must', () => {
    const bytes = fixture('tool-result-with-thinking');
    const before = JSON.parse(bytes.toString()) as Json;
    const after = JSON.parse(withoutThinking(bytes).toString()) as Json;
    const { context_management: _, messages: old, ...kept } = before;
    const { messages, ...rest } = after;
    expect(rest).toEqual({ ...kept, thinking: { type: 'disabled' } });
    expect(messages).toEqual(
      (old as { role: string; content: unknown }[]).map((message) =>
        message.role === 'assistant'
          ? { ...message, content: (message.content as Json[]).filter(({ type }) => type !== 'thinking') }
          : message,
      ),
    );
  });

  it('leaves a real request without thinking byte for byte as it is', () => {
    const bytes = fixture('main-turn-streaming');
    expect(withoutThinking(bytes)).toBe(bytes);
  });
});

describe('a request without the thinking of others', () => {
  const mine = { ...THOUGHT, signature: 'mine' };
  const without = (body: Json): Json =>
    JSON.parse(
      withoutForeignThinking(
        Buffer.from(JSON.stringify(body)),
        ({ signature, data }) => signature === 'EqQB' || data === 'theirs',
      ).toString(),
    ) as Json;

  it('keeps the provider’s own, and thinks on where the open turn is its own', () => {
    const body = {
      thinking: ADAPTIVE,
      messages: [user(TEXT), assistant(THOUGHT, TEXT), user(TEXT), assistant(mine, CALL), user(RESULT)],
    };
    expect(without(body)).toEqual({
      thinking: ADAPTIVE,
      messages: [user(TEXT), assistant(TEXT), user(TEXT), assistant(mine, CALL), user(RESULT)],
    });
  });

  it('does not think on where the open turn lost all of its own', () => {
    const body = {
      thinking: ADAPTIVE,
      messages: [user(TEXT), assistant(mine, TEXT), user(TEXT), assistant(THOUGHT, CALL), user(RESULT)],
    };
    expect(without(body)).toEqual({
      thinking: { type: 'disabled' },
      messages: [user(TEXT), assistant(mine, TEXT), user(TEXT), assistant(CALL), user(RESULT)],
    });
  });

  it('takes what is redacted with the thinking beside it, and alone where it is known', () => {
    expect(without({ messages: [user(TEXT), assistant(THOUGHT, REDACTED, TEXT), user(TEXT)] })).toEqual({
      messages: [user(TEXT), assistant(TEXT), user(TEXT)],
    });
    const known = { type: 'redacted_thinking', data: 'theirs' };
    const body = {
      messages: [user(TEXT), assistant(mine, REDACTED, TEXT), user(TEXT), assistant(known, TEXT)],
    };
    expect(without(body)).toEqual({
      messages: [user(TEXT), assistant(mine, REDACTED, TEXT), user(TEXT), assistant(TEXT)],
    });
  });

  it('is the same buffer where there is none', () => {
    const bytes = Buffer.from(
      JSON.stringify({ messages: [user(TEXT), assistant(mine, CALL), user(RESULT)] }),
    );
    expect(withoutForeignThinking(bytes, () => false)).toBe(bytes);
  });
});
