import { describe } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { apiError } from '../../src/simulator/errors.ts';
import type { ReceivedRequest } from '../../src/simulator/received-request.ts';
import { entry } from './support/balancer.ts';
import { messagesOf } from './support/bodies.ts';
import { scene } from './support/stage.ts';

const ANSWER = 'Hello from a picky one.';
const GOOD: Behaviour = { kind: 'message', text: ANSWER };

type Body = Readonly<Record<string, unknown>>;

interface Rule {
  readonly message: string;
  refuses(body: Body, betas: readonly string[]): boolean;
}

const text = (body: Body): string => JSON.stringify(body);
const someBeta = (betas: readonly string[], stem: string): string | undefined =>
  betas.find((beta) => beta.startsWith(stem));

/** Header and body are refused apart, as the real API does: who takes out one of them alone gets nowhere. */
const PICKY: readonly { readonly who: string; readonly rules: readonly Rule[]; readonly repeats: number }[] =
  [
    {
      who: 'a beta by its name, and its field without it',
      repeats: 1,
      rules: [
        {
          message:
            'Unexpected value(s) `effort-2025-11-24` for the `anthropic-beta` header. Please consult our documentation at docs.anthropic.com or try again without the header.',
          refuses: (_, betas) => someBeta(betas, 'effort') !== undefined,
        },
        {
          message: 'output_config.effort: needs a beta header',
          refuses: (body, betas) =>
            text(body).includes('"effort":"') && someBeta(betas, 'effort') === undefined,
        },
      ],
    },
    {
      who: 'a field, and its beta without it',
      repeats: 1,
      rules: [
        {
          message: 'context_management: Extra inputs are not permitted',
          refuses: (body) => 'context_management' in body,
        },
        {
          message: 'the beta header needs its field',
          refuses: (_, betas) => someBeta(betas, 'context-management') !== undefined,
        },
      ],
    },
    {
      who: 'nearly every beta, without a name, and all that comes with them',
      repeats: 1,
      rules: [
        {
          message: 'invalid beta flag',
          refuses: (_, betas) => betas.some((beta) => !beta.startsWith('interleaved-thinking')),
        },
        {
          message: 'an extra field',
          refuses: (body) => /"(?:context_management|output_config|defer_loading)":/.test(text(body)),
        },
      ],
    },
    {
      who: 'several fields, one after the other',
      repeats: 3,
      rules: [
        {
          message: 'thinking.adaptive.display: Extra inputs are not permitted',
          refuses: (body) => 'display' in (body.thinking as Body),
        },
        {
          message: 'messages.1.output_config: Extra inputs are not permitted',
          refuses: (body) => (body.messages as readonly Body[]).some((message) => 'output_config' in message),
        },
        {
          message: 'tools.11.custom.defer_loading: Extra inputs are not permitted',
          refuses: (body) => (body.tools as readonly Body[]).some((tool) => 'defer_loading' in tool),
        },
      ],
    },
  ];

function betasOf(request: ReceivedRequest): readonly string[] {
  return (request.header('anthropic-beta') ?? '').split(',').filter((beta) => beta !== '');
}

function picky(rules: readonly Rule[]) {
  return (request: ReceivedRequest): Behaviour => {
    const rule = rules.find(({ refuses }) => refuses(request.json() as Body, betasOf(request)));
    return rule === undefined ? GOOD : apiError(400, 'invalid_request_error', rule.message);
  };
}

describe('Claude Code sends one request and prints the answer of a provider that refuses', () => {
  scene.concurrent.for(PICKY)('$who', async ({ rules, repeats }, { stage, expect }) => {
    const first = await stage.provider({ name: 'first', behaviour: picky(rules) });
    const second = await stage.provider({ name: 'second', behaviour: { kind: 'message', text: 'second' } });
    const balancer = await stage.balancer({
      providers: [entry('first', first.url), entry('second', second.url)],
    });

    expect(await stage.claude(balancer.url)).toEqual({ code: 0, stdout: `${ANSWER}\n`, stderr: '' });
    expect(balancer.tap.requests).toHaveLength(1);
    expect(first.requests).toHaveLength(1 + repeats);
    const sent = balancer.tap.requests[0]?.body ?? Buffer.of();
    expect(first.requests[0]?.body.equals(sent)).toBe(true);
    expect(first.requests.map((request) => messagesOf(request).length)).toEqual(
      first.requests.map(() => messagesOf(first.requests[0]).length),
    );

    // Another session: it goes without from the start.
    expect(await stage.claude(balancer.url)).toEqual({ code: 0, stdout: `${ANSWER}\n`, stderr: '' });
    expect(balancer.tap.requests).toHaveLength(2);
    expect(first.requests).toHaveLength(2 + repeats);
    const [repeated, next] = first.requests.slice(-2);
    expect(next && betasOf(next)).toEqual(repeated && betasOf(repeated));
    expect(second.requests).toHaveLength(0);
    const [status] = balancer.balancer.engine.status().providers;
    expect(status).toMatchObject({ state: 'healthy', health: { failures: 0 } });
    expect(status?.learned.length).toBeGreaterThan(0);
  });
});
