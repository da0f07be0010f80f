import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spliceBody } from '../../../src/protocols/anthropic/body-splice.ts';
import { sessionIn, type WalkedBody, walkBody } from '../../../src/protocols/anthropic/body-walker.ts';

const FIXTURES = new URL('../../fixtures/claude-code/', import.meta.url);
const FIXTURE_NAMES = readdirSync(FIXTURES).filter((name) => name.endsWith('.json'));

function fixture(name: string): Buffer {
  const recorded = JSON.parse(readFileSync(new URL(name, FIXTURES), 'utf8')) as { body: unknown };
  return Buffer.from(JSON.stringify(recorded.body));
}

function walk(body: string | Buffer) {
  return walkBody(typeof body === 'string' ? Buffer.from(body) : body, isUtf8);
}

function walked(body: string | Buffer): WalkedBody {
  const result = walk(body);
  if (result.kind !== 'walked') throw new Error(`malformed: ${result.message}`);
  return result;
}

function spliced(body: string, model?: string): string {
  return spliceBody(walked(body), model === undefined ? {} : { model }).toString();
}

/** What the walk should say, according to a full parse. */
function expected(text: string): Record<string, unknown> | undefined {
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const own = (key: string) => (Object.hasOwn(body, key) ? body[key] : undefined);
  const model = own('model');
  const stream = own('stream');
  if (typeof model !== 'string' || model === '') return undefined;
  if (stream !== undefined && typeof stream !== 'boolean') return undefined;
  const provider = own('provider');
  const maxTokens = own('max_tokens');
  return {
    model,
    stream: stream === true,
    provider: typeof provider === 'string' ? provider : undefined,
    maxTokens: typeof maxTokens === 'number' ? maxTokens : undefined,
  };
}

function facts(body: WalkedBody): Record<string, unknown> {
  return { model: body.model, stream: body.stream, provider: body.provider, maxTokens: body.maxTokens };
}

function agrees(text: string): void {
  const want = expected(text);
  const got = walk(text);
  if (want === undefined) {
    expect(got.kind, text).toBe('malformed');
    return;
  }
  if (got.kind !== 'walked') throw new Error(`${text}: ${got.message}`);
  expect(facts(got), text).toEqual(want);
  const { model, provider, ...rest } = JSON.parse(text) as Record<string, unknown>;
  const kept = typeof provider === 'string' || provider === undefined ? rest : { ...rest, provider };
  expect(JSON.parse(spliceBody(got, { model: 'other "model"' }).toString()), text).toEqual({
    ...kept,
    model: 'other "model"',
  });
  for (const asked of [true, false]) {
    const forwarded = JSON.parse(spliceBody(got, { model: 'other', stream: asked }).toString());
    expect(forwarded.stream ?? false, text).toBe(asked);
    expect({ ...forwarded, stream: undefined }, text).toEqual({ ...kept, model: 'other', stream: undefined });
  }
}

const members = fc.tuple(
  fc.oneof(
    fc.constantFrom('model', 'stream', 'provider', 'max_tokens', 'metadata', '__proto__x', 'messages'),
    fc.string({ unit: 'grapheme' }),
  ),
  fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', 'a', 'é', '😀', '\n') }),
    fc.boolean(),
    fc.integer(),
  ),
);

/** JSON text with white space of every kind around its tokens, and keys as they come, duplicates included. */
const looseObjects = fc
  .tuple(
    fc.array(members, { maxLength: 7 }),
    fc.array(fc.constantFrom('', ' ', '\n', '\t', '\r\n '), { minLength: 5, maxLength: 5 }),
    fc.boolean(),
  )
  .map(([pairs, spaces, withModel]) => {
    const [a = '', b = '', c = '', d = '', e = ''] = spaces;
    const all = withModel ? [...pairs, ['model', 'claude'] as const] : pairs;
    const body = all.map(([k, v]) => `${JSON.stringify(k)}${b}:${c}${JSON.stringify(v, null, c ? 1 : 0)}`);
    return `${a}{${d}${body.join(`${e},${d}`)}${e}}${a}`;
  });

describe('walking a body', () => {
  it.each(FIXTURE_NAMES)('finds in the real request %s what a full parse finds', (name) => {
    const bytes = fixture(name);
    const result = walkBody(bytes, isUtf8);
    if (result.kind !== 'walked') throw new Error(result.message);
    expect(facts(result)).toEqual(expected(bytes.toString()));
    expect(result.bytes).toBe(bytes);
    const metadata = (JSON.parse(bytes.toString()) as { metadata?: { user_id: string } }).metadata;
    expect(sessionIn(result)).toBe(
      metadata && (JSON.parse(metadata.user_id) as { session_id: string }).session_id,
    );
  });

  it.each(FIXTURE_NAMES)('forwards %s as the very same buffer when nothing changes', (name) => {
    const bytes = fixture(name);
    expect(spliceBody(walked(bytes), {})).toBe(bytes);
    const body = walked(bytes);
    expect(spliceBody(body, { model: body.model })).toBe(body.bytes);
  });

  it.each(FIXTURE_NAMES)('changes nothing in %s but the model', (name) => {
    const bytes = fixture(name);
    const model = walked(bytes).model;
    const out = spliceBody(walked(bytes), { model: 'glm-5.3' });
    expect(out.toString()).toBe(bytes.toString().replace(`"model":"${model}"`, '"model":"glm-5.3"'));
  });

  it('is malformed for every truncation of a request', () => {
    const text =
      '{"model":"m\\"é","messages":[{"role":"user","content":"a\\\\"}],"max_tokens":-1.5e3,"stream":true}';
    const bytes = Buffer.from(text);
    expect(walk(bytes).kind).toBe('walked');
    for (let length = 0; length < bytes.length; length++) {
      expect(walk(bytes.subarray(0, length)).kind, `${length}`).toBe('malformed');
    }
  });

  it('agrees with a full parse on every JSON object', () => {
    fc.assert(fc.property(looseObjects, agrees), { numRuns: 1500 });
  });

  it('finds the end of strings of any length, wherever their escaped quotes stand', () => {
    const piece = fc.oneof(
      fc.constantFrom('"', '\\', '\\"', '""'),
      fc.string({ unit: fc.constantFrom('x'), maxLength: 90 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        agrees(JSON.stringify({ model: 'm', system: pieces.join(''), stream: true }));
      }),
      { numRuns: 1500 },
    );
  });

  it('agrees with a full parse on objects whose structure was damaged', () => {
    const damage = fc.tuple(
      looseObjects,
      fc.nat(),
      fc.constantFrom('', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e', 'null', 'x', ' ', '"'),
      fc.nat({ max: 2 }),
    );
    fc.assert(
      fc.property(damage, ([text, seed, inserted, removed]) => {
        const at = seed % (text.length + 1);
        const damaged = text.slice(0, at) + inserted + text.slice(at + removed);
        // What stands inside nested strings is not looked at, and half a surrogate can't be sent as UTF-8.
        fc.pre(Buffer.from(damaged).toString() === damaged && !brokenOnlyInStrings(damaged));
        agrees(damaged);
      }),
      { numRuns: 3000 },
    );
  });

  it('agrees with a full parse on arbitrary structural noise', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'{}[],:"\\ 01-.eE+truefalsn'), maxLength: 12 });
    fc.assert(
      fc.property(noise, (text) => {
        for (const candidate of [
          text,
          `{"model":"m","a":${text}}`,
          `{"model":"m"${text}`,
          `{"model":${text}}`,
        ]) {
          if (!brokenOnlyInStrings(candidate)) agrees(candidate);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['escaped key', '{"mod\\u0065l":"m"}', { model: 'm' }],
    ['an escaped key of no interest', '{"a\\nb":1,"model":"m"}', { model: 'm' }],
    ['the last of duplicate keys', '{"model":"a","model":"b","stream":true,"stream":false}', { model: 'b' }],
    ['a duplicate of no interest', '{"a":1,"model":"m","a":2}', { model: 'm' }],
    ['a byte order mark', '\uFEFF{"model":"m"}', { model: 'm' }],
    ['an escaped value', '{"model":"\\u006d\\"x"}', { model: 'm"x' }],
    ['white space everywhere', ' \t\r\n{ "model" : "m" , "stream" : true } \n', { model: 'm', stream: true }],
    ['__proto__ as a key', '{"__proto__":{"stream":true},"model":"m"}', { model: 'm', stream: false }],
    ['a model only nested', '{"messages":[{"model":"x"}],"model":"m"}', { model: 'm' }],
    ['an exponent', '{"model":"m","max_tokens":1e5}', { maxTokens: 100_000 }],
    ['max_tokens of another type', '{"model":"m","max_tokens":"5"}', { maxTokens: undefined }],
    ['a pin', '{"model":"m","provider":"work"}', { provider: 'work' }],
    [
      'an object named provider, which is no pin',
      '{"model":"m","provider":{"a":1}}',
      { provider: undefined },
    ],
  ])('reads %s', (_, text, want) => {
    expect(facts(walked(text))).toMatchObject(want);
  });

  it.each([
    ['nothing', '', 'empty'],
    ['white space', ' \n', 'empty'],
    ['only a byte order mark', '\uFEFF', 'empty'],
    ['an array', '[]', 'must be a JSON object'],
    ['a string', '"model"', 'must be a JSON object'],
    ['null', 'null', 'must be a JSON object'],
    ['no model', '{"messages":[]}', 'model: Field required'],
    ['an empty object', '{}', 'model: Field required'],
    ['a model that is no string', '{"model":5}', 'model: Input should be a valid string'],
    ['an empty model', '{"model":""}', 'model: String should have at least 1 character'],
    [
      'a stream that is no boolean',
      '{"model":"m","stream":"yes"}',
      'stream: Input should be a valid boolean',
    ],
    ['data after the object', '{"model":"m"} x', 'not valid JSON'],
    ['two objects', '{"model":"m"}{"model":"m"}', 'not valid JSON'],
    ['a trailing comma', '{"model":"m",}', 'not valid JSON'],
    ['a raw line break in the model', '{"model":"a\nb"}', 'not valid JSON'],
    ['a raw line break in a pin', '{"model":"m","provider":"a\nb"}', 'not valid JSON'],
    ['an unknown escape in the model', '{"model":"\\x"}', 'not valid JSON'],
    ['a form, not JSON', 'model=m&stream=true', 'not valid JSON'],
  ])('calls %s malformed and says why', (_, text, words) => {
    const result = walk(text);
    expect(result).toMatchObject({ kind: 'malformed', message: expect.stringContaining(words) });
  });

  it('quotes nothing of a malformed body', () => {
    const result = walk('{"model":"m","key":secret-value}');
    expect(result.kind === 'malformed' && result.message).not.toContain('secret');
  });

  it('calls bytes that are no UTF-8 malformed', () => {
    const bytes = Buffer.from('{"model":"m","a":"\xff"}', 'latin1');
    expect(walk(bytes)).toMatchObject({ kind: 'malformed', message: expect.stringContaining('UTF-8') });
    expect(walk(Buffer.from('{"model":"m"}', 'utf16le')).kind).toBe('malformed');
  });

  it('walks any depth without recursion', () => {
    const deep = 200_000;
    const text = `{"a":${'['.repeat(deep)}${']'.repeat(deep)},"model":"m"}`;
    expect(walked(text).model).toBe('m');
    const mixed = `{"a":${'[{"b":'.repeat(deep)}0${'}]'.repeat(deep)},"model":"m"}`;
    expect(walked(mixed).model).toBe('m');
    expect(walk(text.replace(']', '}')).kind).toBe('malformed');
  });

  it('keeps the bytes of every value when it takes duplicates and escapes out', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const text = `{"model":"a", "x":1e999, "n":12345678901234567890, "\\u0061":${deep},"model":"m"}`;
    expect(walked(text).bytes.toString()).toBe(
      `{"model":"m","x":1e999,"n":12345678901234567890,"a":${deep}}`,
    );
  });

  it.each([
    ['Claude Code', JSON.stringify({ device_id: 'd', session_id: 'abc' }), 'abc'],
    [
      'an older Claude Code',
      'user_0f_account_1-2_session_00000000-0000-4000-8000-000000000001',
      '00000000-0000-4000-8000-000000000001',
    ],
    ['JSON without a session', '{"device_id":"d"}', undefined],
    ['JSON with a session that is no string', '{"session_id":7}', undefined],
    ['JSON that is broken', '{"session_id":"a', undefined],
    ['another client', 'user-17', undefined],
    ['an empty session', 'user_x_session_', undefined],
  ])('reads the session id of %s', (_, userId, session) => {
    expect(sessionIn(walked(JSON.stringify({ model: 'm', metadata: { user_id: userId } })))).toBe(session);
  });
});

describe('splicing a body', () => {
  it.each([
    ['first', '{"provider":"p","model":"m"}', '{"model":"n"}'],
    ['last', '{"model":"m", "provider":"p" }', '{"model":"n" }'],
    ['in the middle', '{"a":1, "provider" : "p" , "model":"m"}', '{"a":1, "model":"n"}'],
    ['just before the model', '{"provider":"p","model":"m","a":[1]}', '{"model":"n","a":[1]}'],
  ])('removes a pin that stands %s, with its comma', (_, text, want) => {
    expect(spliced(text, 'n')).toBe(want);
  });

  it('keeps an object named provider', () => {
    expect(spliced('{"model":"m","provider":{"order":["a"]}}')).toBe(
      '{"model":"m","provider":{"order":["a"]}}',
    );
  });

  it('removes every duplicate of a pin', () => {
    expect(spliced('{"provider":"a","model":"m","provider":"b"}')).toBe('{"model":"m"}');
  });

  it('writes a model name as JSON', () => {
    expect(spliced('{"model":"m"}', 'a"\\é')).toBe('{"model":"a\\"\\\\é"}');
  });

  it('forwards a body without its byte order mark', () => {
    expect(spliced('\uFEFF{"model":"m","x":1.0}')).toBe('{"model":"m","x":1.0}');
  });
});

describe('a mark that is looked for', () => {
  const MARK = Buffer.from('mark.');

  it.each([
    ['at the beginning of a string', '{"model":"m","messages":[{"content":[{"signature":"mark.1"}]}]}', true],
    ['behind escapes', String.raw`{"model":"m","a":["\\\"","mark."]}`, true],
    ['where a key is written twice', '{"model":"m","a":{"b":"mark.x"},"a":{"b":"no"}}', true],
    ['not within a string', '{"model":"m","a":["a mark. within"]}', false],
    ['not in a quotation', String.raw`{"model":"m","a":["\"mark.\""]}`, false],
    ['not in what is left before the end', '{"model":"m","a":["m"]}', false],
    ['not where half of it is all', '{"model":"m","a":["mark"]}', false],
  ])('is found %s', (_, body, found) => {
    expect(walkBody(Buffer.from(body), isUtf8, MARK)).toMatchObject({ kind: 'walked', isMarked: found });
  });

  it('changes nothing else of what the walk finds, whatever the body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('a', 'mark.', '{', ' '), (value, mark) => {
        const body = Buffer.from(JSON.stringify({ model: 'm', value: [value, mark] }));
        const { isMarked, ...found } = walkBody(body, isUtf8, Buffer.from(mark)) as WalkedBody;
        const { isMarked: _, ...plain } = walked(body);
        expect(found).toEqual(plain);
        expect(isMarked).toBe(true);
      }),
    );
  });

  it('is not found where none is looked for', () => {
    expect(walked('{"model":"m","a":["mark."]}').isMarked).toBe(false);
  });
});

/** Whether all that is wrong with a text is inside its strings, where the walk does not look. */
function brokenOnlyInStrings(text: string): boolean {
  const parses = (candidate: string): boolean => {
    try {
      JSON.parse(candidate);
      return true;
    } catch {
      return false;
    }
  };
  return !parses(text) && parses(text.replace(/"(?:[^"\\]|\\.)*"/gs, (_, at: number) => `"${at}"`));
}
