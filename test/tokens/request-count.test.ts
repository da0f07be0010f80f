import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import o200k from 'js-tiktoken/ranks/o200k_base';
import { describe, expect, it } from 'vitest';
import { countRequest } from '../../src/tokens/request-count.ts';
import { createTextCounter } from '../../src/tokens/text-counter.ts';
import { readVocabulary } from '../../src/tokens/vocabulary.ts';

/** A request whose count is public: from Anthropic's documentation, or recorded from its API. */
interface KnownCount {
  readonly name: string;
  readonly tokens: number;
  readonly body: { readonly model: string };
}

const FIXTURE = join(import.meta.dirname, '..', 'fixtures', 'tokens', 'known-counts.json');
const KNOWN: readonly KnownCount[] = JSON.parse(readFileSync(FIXTURE, 'utf8'));

const countText = createTextCounter(readVocabulary(o200k));
const count = (body: unknown): number => countRequest(JSON.stringify(body), countText) ?? Number.NaN;

const MODEL = 'claude-sonnet-4-5';
const message = (content: unknown, role = 'user') => ({ role, content });
const request = (...content: readonly unknown[]) => ({ model: MODEL, messages: [message(content)] });
/** What a block adds to a request. */
const added = (block: unknown, model = MODEL): number =>
  count({ ...request(block), model }) - count({ ...request(), model });

describe('the count of a request', () => {
  it.each(KNOWN)('is near the known one: $name ($body.model)', ({ tokens, body }) => {
    expect(Math.abs(count(body) - tokens)).toBeLessThanOrEqual(Math.max(4, tokens * 0.155));
  });

  it('is at most 5 % off over all known ones with tools', () => {
    const withTools = KNOWN.filter(({ body }) => 'tools' in body);
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
    const ratio = sum(withTools.map(({ body }) => count(body))) / sum(withTools.map(({ tokens }) => tokens));
    expect(withTools.length).toBeGreaterThan(9);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.05);
  });

  it('is higher for models with the newer tokenizer, and lowest for models that are no Claude', () => {
    const counts = ['gpt-5', 'claude-opus-4-6', 'claude-opus-4-7', 'claude-sonnet-5-5', 'claude'].map(
      (model) =>
        count({ ...request({ type: 'text', text: 'A sentence like any other. '.repeat(50) }), model }),
    );
    const [other = 0, older = 0, newer = 0, newest, unknown] = counts;
    expect([other < older, older < newer]).toEqual([true, true]);
    expect([newest, unknown]).toEqual([newer, newer]);
  });

  it('takes text as text, whatever stands in it', () => {
    const special = count(request({ type: 'text', text: 'a <|endoftext|> b' }));
    expect(special).toBeGreaterThan(count(request({ type: 'text', text: 'a b' })));
    expect(count({ model: MODEL, messages: [message('a <|endoftext|> b')] })).toBe(special);
  });

  it('takes system prompts as a string and as blocks alike, those among the messages too', () => {
    const text = 'You answer in rhymes.';
    const asString = count({ ...request(), system: text });
    expect(count({ ...request(), system: [{ type: 'text', text, cache_control: {} }] })).toBe(asString);
    expect(count({ model: MODEL, messages: [message('hi'), message(text, 'system')] })).toBeGreaterThan(
      count({ model: MODEL, messages: [message('hi')] }),
    );
  });

  it.each<readonly [string, unknown, number]>([
    ['text', { type: 'text', text: 'word '.repeat(400) }, 462],
    [
      'an image of unknown size',
      { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } },
      1568,
    ],
    [
      'an image that is none',
      { type: 'image', source: { type: 'base64', data: 'AAAA'.repeat(90_000) } },
      1568,
    ],
    ['a plain document', { type: 'document', source: { type: 'text', data: 'word '.repeat(400) } }, 462],
    [
      'a document elsewhere',
      { type: 'document', source: { type: 'url', url: 'https://x.example/a.pdf' } },
      6750,
    ],
    [
      'a document of blocks',
      {
        type: 'document',
        source: { type: 'content', content: [{ type: 'text', text: 'word '.repeat(400) }] },
      },
      462,
    ],
    [
      'a call',
      { type: 'tool_use', id: 'x'.repeat(500), name: 'Read', input: { file_path: '/etc/hosts' } },
      42,
    ],
    ['a result', { type: 'tool_result', tool_use_id: 'x'.repeat(500), content: 'word '.repeat(400) }, 484],
    [
      'a result with an image',
      {
        type: 'tool_result',
        content: [{ type: 'image', source: { type: 'url', url: 'https://x.example' } }],
      },
      1590,
    ],
    ['thinking', { type: 'thinking', thinking: 'word '.repeat(400), signature: 'x'.repeat(999) }, 462],
    ['hidden thinking', { type: 'redacted_thinking', data: 'x'.repeat(1000) }, 200],
    [
      'a block of a new kind',
      { type: 'news', body: [{ line: 'word '.repeat(400) }], data: 'x'.repeat(999) },
      462,
    ],
    ['a block without a kind', {}, 0],
    ['no block', 17, 0],
  ])('takes %s for what it is', (_, block, tokens) => {
    expect(added(block)).toBe(tokens);
  });

  it('counts a PDF by its pages', () => {
    const pdf = (text: string) => Buffer.from(`%PDF-1.7\n${text}`).toString('base64');
    const document = (data: string) => added({ type: 'document', source: { type: 'base64', data } });
    const tree = '<< /Type /Pages /Kids [3 0 R] /Count 12 >> << /Type /Pages /Count 4 >>';
    expect(document(pdf(tree))).toBe(12 * 2_250);
    expect(document(pdf('<</Type/Page>> <</Type /Page /Parent 1>>'))).toBe(2 * 2_250);
    expect(document(pdf('x'.repeat(149_000)))).toBe(3 * 2_250);
    expect(document(pdf('<< /Type /Pages /Count 999999 >>'))).toBe(600 * 2_250);
    expect(document('')).toBe(2_250);
  });

  it("leaves earlier turns' thinking out for models that do, not that of a running loop of tools", () => {
    const thinking = { type: 'thinking', thinking: 'word '.repeat(400), signature: 's' };
    const call = { type: 'tool_use', id: 't', name: 'Read', input: {} };
    const result = { type: 'tool_result', tool_use_id: 't', content: 'done' };
    const turns = (model: string, last: unknown, withThinking: boolean) =>
      count({
        model,
        messages: [
          message('hi'),
          message(withThinking ? [thinking, call] : [call], 'assistant'),
          message([last]),
        ],
      });
    const cost = (model: string, last: unknown) => turns(model, last, true) - turns(model, last, false);
    const next = { type: 'text', text: 'And now?' };
    expect(cost('claude-sonnet-4-20250514', next)).toBe(0);
    expect(cost('claude-sonnet-4-20250514', result)).toBeGreaterThan(400);
    expect(cost('claude-sonnet-4-5', next)).toBeGreaterThan(400);
  });

  it('counts deferred tools where a message has loaded them only', () => {
    const tool = (name: string) => ({
      name,
      description: 'Reads. '.repeat(50),
      input_schema: {},
      defer_loading: true,
    });
    const body = (...content: readonly unknown[]) => ({
      ...request(...content),
      tools: [tool('a'), tool('b')],
    });
    expect(count(body())).toBe(count(request()));
    const reference = { type: 'tool_reference', tool_name: 'b' };
    const loaded = count(body({ type: 'tool_result', content: [reference] }));
    expect(loaded).toBeGreaterThan(count(body()) + 100);
  });

  it('never throws for anything that JSON can say, and is a number from 1', () => {
    const block = fc.record(
      {
        type: fc.constantFrom('text', 'image', 'document', 'thinking', 'tool_use', 'tool_result', 'x', 7),
        text: fc.jsonValue(),
        content: fc.jsonValue(),
        source: fc.jsonValue(),
        input: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const body = fc.record(
      {
        model: fc.oneof(fc.jsonValue(), fc.constant(MODEL)),
        system: fc.jsonValue(),
        messages: fc.oneof(
          fc.jsonValue(),
          fc.array(fc.record({ role: fc.string(), content: fc.array(block) })),
        ),
        tools: fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())),
        output_config: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(fc.oneof(body, fc.jsonValue()), (value) => count(value) >= 1));
  });

  it('is none for what is no JSON, or is nested too deeply', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const counted = countRequest(`{${text}`, countText);
        return counted === undefined || counted >= 1;
      }),
    );
    expect(countRequest('', countText)).toBeUndefined();
    const deep = `${'{"content":['.repeat(100_000)}${']}'.repeat(100_000)}`;
    const nested = `{"messages":[{"content":[${'{"type":"tool_result","content":['.repeat(50_000)}${']}'.repeat(50_000)}]}]}`;
    for (const json of [deep, nested]) {
      const counted = countRequest(json, countText);
      expect(counted === undefined || counted >= 1).toBe(true);
    }
  });

  it('never falls when text is added, but for the few tokens at the seam', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.lorem({ maxCount: 40 }), (before, more) => {
        const text = (value: string) => count(request({ type: 'text', text: value }));
        expect(text(`${before} ${more}`)).toBeGreaterThanOrEqual(text(before) - 4);
      }),
    );
  });
});
