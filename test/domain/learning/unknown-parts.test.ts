import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyResponse } from '../../../src/domain/failures/classify.ts';
import { fieldPath, mayRemove } from '../../../src/domain/learning/field-path.ts';
import { removalOf } from '../../../src/domain/learning/removal.ts';
import { mayNameParts, type SentRequest, unknownParts } from '../../../src/domain/learning/unknown-parts.ts';
import { withoutFields } from '../../../src/protocols/anthropic/without-fields.ts';
import { anthropic, OTHER_REFUSALS, REFUSALS } from '../../support/refused-words.ts';

const BETAS = [
  'claude-code-20250219',
  'interleaved-thinking-2025-05-14',
  'context-management-2025-06-27',
  'prompt-caching-scope-2026-01-05',
  'structured-outputs-2025-12-15',
  'advanced-tool-use-2025-11-20',
  'dangerous-tool-use-2026-09-03',
  'effort-2025-11-24',
];

const BREAKPOINT = { type: 'ephemeral', ttl: '1h', scope: 'global' };
const BODY = Buffer.from(
  JSON.stringify({
    model: 'claude-opus-5-5',
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'hi', cache_control: BREAKPOINT }] },
      {
        role: 'assistant',
        content: [{ type: 'thinking', thinking: 'x', cache_control: { type: 'ephemeral' } }],
      },
      { role: 'system', content: 'env', output_config: { effort: 'medium' } },
    ],
    system: [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', cache_control: BREAKPOINT },
    ],
    tools: [
      { name: 'Read', input_schema: {}, input_examples: [{}], defer_loading: true },
      { type: 'web_search_20250305', name: 'web_search', max_uses: 8 },
    ],
    metadata: { user_id: 'u' },
    max_tokens: 1024,
    thinking: { type: 'adaptive', display: 'updates' },
    context_management: { edits: [] },
    output_config: { effort: 'medium' },
    safeguards: [],
    stream: true,
  }),
);

function holds(body: Buffer): SentRequest['holds'] {
  return (field) => withoutFields(body, removalOf([{ kind: 'field', name: field }], []).fields) !== body;
}

const SENT: SentRequest = {
  betas: BETAS,
  headers: ['x-app', 'anthropic-beta', 'x-api-key'],
  holds: holds(BODY),
};

function named(body: unknown, sent = SENT): string[] {
  return unknownParts(JSON.stringify(body), sent).map(({ kind, name }) => `${kind} ${name}`);
}

const CONTEXT = {
  headers: [],
  credential: 'own',
  endpoint: 'messages',
  now: 0,
  lists: { httpCodes: [], errorTypes: [], responseBodyPatterns: [], exceptionPatterns: [] },
} as const;

describe('what a refusal names as unknown', () => {
  it.each(REFUSALS)('is found in the words of %s', (_, body, parts) => {
    expect(named(body)).toEqual(parts);
  });

  it.each(REFUSALS)('comes with a failure that is nobody’s: %s', (_, body) => {
    const failure = classifyResponse({ ...CONTEXT, status: 400, body: JSON.stringify(body) });
    expect(failure.kind).toBe('refused');
    expect(mayNameParts(failure)).toBe(true);
  });

  it.each(OTHER_REFUSALS)('is nothing where the refusal is about %s', (_, message) => {
    expect(named(anthropic(message))).toEqual([]);
  });

  it.each(REFUSALS)('is nothing where the request does not have it: %s', (_, body) => {
    expect(named(body, { betas: [], headers: [], holds: () => false })).toEqual([]);
  });

  it('comes with the words of the refusal, short and on one line', () => {
    const long = `context_management: Extra inputs are not permitted\n${'x'.repeat(1000)}`;
    const [part] = unknownParts(JSON.stringify(anthropic(long)), SENT);
    expect(part?.because).toMatch(/^context_management: Extra inputs are not permitted x+…$/);
    expect(part?.because.length).toBeLessThanOrEqual(200);
  });

  it('is all betas where none but the common ones were sent and one of them is refused', () => {
    const common = { ...SENT, betas: ['interleaved-thinking-2025-05-14'] };
    expect(named({ message: 'invalid beta flag' }, common)).toEqual(['betas all']);
  });

  it('is no beta that the credential depends on, unless it is named', () => {
    const oauth = { ...SENT, betas: ['oauth-2025-04-20'] };
    expect(named({ message: 'invalid beta flag' }, oauth)).toEqual([]);
    expect(
      named(anthropic('Unexpected value(s) `oauth-2025-04-20` for the `anthropic-beta` header.'), oauth),
    ).toEqual(['beta oauth-2025-04-20']);
  });

  it('is looked for in the request only so often, however many fields a refusal names', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => `f${at}: Extra inputs are not permitted`).join(
      ', ',
    );
    const asked: string[] = [];
    const sent: SentRequest = {
      ...SENT,
      holds: (field) => {
        asked.push(field);
        return true;
      },
    };
    expect(named(anthropic(`${many}, ${many}`), sent)).toHaveLength(16);
    expect(asked).toHaveLength(16);
  });

  it('is only what may be removed and is there, whatever a provider writes', () => {
    const words = [
      'model',
      'messages',
      'context_management',
      'Extra inputs are not permitted',
      'unknown field',
      ':',
      '`',
      '.',
    ];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 30 }), (pieces) => {
        for (const { kind, name } of unknownParts(pieces.join(' '), SENT))
          expect(kind === 'field' ? mayRemove(name) && SENT.holds(name) : true).toBe(true);
      }),
    );
  });

  it('is looked for only in refusals of the request as it is written', () => {
    const failure = { phase: 'headers', detail: '' } as const;
    expect(mayNameParts({ ...failure, kind: 'refused', status: 422 })).toBe(true);
    expect(mayNameParts({ ...failure, kind: 'endpoint_missing', as: 'refused', status: 400 })).toBe(true);
    expect(mayNameParts({ ...failure, kind: 'refused', status: 403 })).toBe(false);
    expect(mayNameParts({ ...failure, kind: 'refused_for_sure', status: 400 })).toBe(false);
    expect(mayNameParts({ ...failure, kind: 'server_error', status: 500 })).toBe(false);
  });
});

describe('what goes with a part', () => {
  const removed = (kind: 'beta' | 'betas' | 'field', name: string) => {
    const { betas, fields } = removalOf([{ kind, name }], BETAS);
    return [...betas, ...fields];
  };

  it.each([
    ['beta', 'context-management-2025-06-27', ['context-management-2025-06-27', 'context_management']],
    ['field', 'context_management', ['context-management-2025-06-27', 'context_management']],
    [
      'beta',
      'effort-2099-01-01',
      ['effort-2099-01-01', 'effort-2025-11-24', 'output_config.effort', 'messages.*.output_config.effort'],
    ],
    [
      'field',
      'output_config',
      ['effort-2025-11-24', 'output_config', 'output_config.effort', 'messages.*.output_config.effort'],
    ],
    ['field', '**.cache_control.scope', ['prompt-caching-scope-2026-01-05', '**.cache_control.scope']],
    // The header alone: the demanded form of the answer stays.
    ['beta', 'structured-outputs-2025-12-15', ['structured-outputs-2025-12-15']],
    ['beta', 'claude-code-20250219', ['claude-code-20250219']],
    ['beta', 'dangerous-tool-use-2026-09-03', []],
    ['field', 'messages', []],
  ] as const)('%s %s', (kind, name, expected) => {
    expect(removed(kind, name)).toEqual(expected);
  });

  it('a field of a tool takes the beta along, and the beta its other fields', () => {
    expect(removed('field', 'tools.*.custom.input_examples').toSorted()).toEqual(
      [
        'advanced-tool-use-2025-11-20',
        'tools.*.allowed_callers',
        'tools.*.custom.input_examples',
        'tools.*.defer_loading',
        'tools.*.input_examples',
      ].toSorted(),
    );
  });

  it('thinking takes along the betas about it and what is refused without it', () => {
    expect(removed('field', 'thinking').toSorted()).toEqual(
      [
        'interleaved-thinking-2025-05-14',
        'context-management-2025-06-27',
        'thinking',
        'context_management',
      ].toSorted(),
    );
  });

  it('many betas: the common ones stay at first, those that ask for a judgement always', () => {
    const common = removalOf([{ kind: 'betas', name: 'uncommon' }], BETAS).betas;
    expect(BETAS.filter((beta) => !common.has(beta))).toEqual([
      'interleaved-thinking-2025-05-14',
      'dangerous-tool-use-2026-09-03',
    ]);
    const all = removalOf([{ kind: 'betas', name: 'all' }], [...BETAS, 'oauth-2025-04-20']).betas;
    expect([...BETAS, 'oauth-2025-04-20'].filter((beta) => !all.has(beta))).toEqual([
      'dangerous-tool-use-2026-09-03',
      'oauth-2025-04-20',
    ]);
  });
});

describe('a path from an error’s text', () => {
  it.each([
    ['context_management', 'context_management'],
    ['body.context_management', 'context_management'],
    ['tools.0.custom.input_examples', 'tools.*.custom.input_examples'],
    ['tools[3].input_examples', 'tools.*.input_examples'],
    ["messages[0]['output_config']", 'messages.*.output_config'],
    ['#/messages/2/output_config', 'messages.*.output_config'],
    [
      'messages.0.content.1.tool_result.content.0.text.cache_control.ephemeral.scope',
      '**.cache_control.scope',
    ],
    ['0.context_management', undefined],
    ['tools.0', undefined],
    ['https://docs.anthropic.com', undefined],
    ['a b', undefined],
    ['', undefined],
  ])('%s is %s', (text, path) => {
    expect(fieldPath(text)).toBe(path);
  });
});
