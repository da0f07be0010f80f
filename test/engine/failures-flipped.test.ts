import { afterEach, describe, expect, it } from 'vitest';
import { FAILURE_TABLE, type FailureRule } from '../../src/domain/failures/failure-table.ts';
import type { FailureKind } from '../../src/domain/failures/outcome.ts';
import { type ScenarioName, scenario } from '../../src/simulator/scenarios.ts';
import { useBench } from '../support/engine-bench.ts';
import { checkRow, MENDABLE_ROWS, type MendableKind } from '../support/failure-rows.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { useProviders } from '../support/providers.ts';

/** The checks of `failures.test.ts` are worth something only if a wrong table fails them. */

const tools = { balance: useBench(), start: useProviders() };

const INNOCENT = { blame: 'nobody', counts: 'never', cooldown: { kind: 'none' }, basis: 'none' } as const;
const GUILTY = {
  blame: 'provider',
  counts: 'counted',
  cooldown: { kind: 'base', growsTo: 'max' },
  basis: 'suspicion',
} as const;

const SAMPLES = {
  unreachable: 'connection_error',
  cut_early: 'fin_without_content',
  not_an_answer: 'html_200',
  server_error: 'internal_server_error',
  timeout_like: 'conflict',
  overloaded: 'overloaded',
  burst_limited: 'burst_limit',
  rate_limited: 'rate_limit',
  quota: 'payment_required',
  credentials: 'unauthorized',
  model_missing: 'not_found',
  too_large: 'too_large',
  refused: 'bad_request',
} as const satisfies Partial<Record<MendableKind, ScenarioName>>;

/** What a row says, turned round: each column by itself. */
function flips(rule: FailureRule): readonly (Partial<FailureRule> & { readonly what: string })[] {
  const blamed = rule.blame !== 'nobody';
  return [
    { what: 'no failover', failover: 'none' },
    blamed ? { what: 'blame of nobody', ...INNOCENT } : { what: 'blame of the provider', ...GUILTY },
    ...(rule.blame === 'pair' ? ([{ what: 'blame of the provider', blame: 'provider' }] as const) : []),
    ...(rule.blame === 'provider' ? ([{ what: 'blame of the pair', blame: 'pair' }] as const) : []),
    ...(rule.counts === 'counted' ? ([{ what: 'a cooldown at once', counts: 'at_once' }] as const) : []),
    ...(rule.counts === 'at_once'
      ? ([{ what: 'a cooldown at the threshold', counts: 'counted' }] as const)
      : []),
    ...(blamed
      ? ([{ what: 'another cooldown', cooldown: { kind: 'fixed', ms: 7_000, growsTo: 'max' } }] as const)
      : []),
  ];
}

const FLIPPED = (Object.keys(SAMPLES) as (keyof typeof SAMPLES)[]).flatMap((kind) =>
  flips(FAILURE_TABLE[kind]).map(({ what, ...flip }) => ({ kind, what, flip })),
);

const original = { ...FAILURE_TABLE };

afterEach(() => {
  Object.assign(FAILURE_TABLE, original);
});

function withRow(kind: FailureKind, flip: Partial<FailureRule>): void {
  Object.assign(FAILURE_TABLE, { [kind]: { ...original[kind], ...flip } });
}

async function check(kind: keyof typeof SAMPLES): Promise<void> {
  const clock = new ManualClock();
  const failing = await tools.start({ name: 'failing', behaviour: scenario(SAMPLES[kind]).behaviour, clock });
  const balance: typeof tools.balance = (file) => tools.balance(file, { clock });
  await checkRow({ ...tools, balance, patienceMs: 500 }, failing, {
    kind,
    row: MENDABLE_ROWS[kind],
    stream: true,
  });
}

describe('a row that says something else fails its test', () => {
  it.each(FLIPPED)('$kind with $what', async ({ kind, flip }) => {
    withRow(kind, flip);
    await expect(check(kind)).rejects.toThrow();
  });

  it('and the row as it is does not', async () => {
    await check('overloaded');
  });
});
