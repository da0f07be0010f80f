import { describe, it } from 'vitest';
import type { FailureKind } from '../../src/domain/failures/outcome.ts';
import { ADDRESS_FAULTS } from '../../src/simulator/address-faults.ts';
import type { AddressFault } from '../../src/simulator/scenario.ts';
import { FAILURE_NAMES, type ScenarioName, scenario } from '../../src/simulator/scenarios.ts';
import { useBench } from '../support/engine-bench.ts';
import { checkRow, MENDABLE_ROWS, type MendableKind, type Row } from '../support/failure-rows.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { useProviders } from '../support/providers.ts';

const tools = { balance: useBench(), start: useProviders() };

/** Where one scenario says more than its row: the window that it names. */
const WINDOWS: Partial<Record<ScenarioName, Row>> = {
  rate_limit_unified: { blame: 'provider', cools: 'at_once', seconds: 1800 },
  rate_limit_tokens: { blame: 'pair', cools: 'at_once', seconds: 30 },
};

/** When a stalled attempt is given up, ms: a stream without message_start, one after it, a message. */
const WAITS = { start: 180_000, gap: 120_000, whole: 200_000 };

function waitOf(name: ScenarioName, stream: boolean): { waitMs: number; begins?: boolean } {
  if (!stream) return { waitMs: WAITS.whole };
  const begins = name === 'stall_after_message_start' || name === 'stall_after_block_start';
  return begins ? { waitMs: WAITS.gap, begins } : { waitMs: WAITS.start };
}

function isMendable(kind: FailureKind | 'success'): kind is MendableKind {
  return kind in MENDABLE_ROWS;
}

const CASES = FAILURE_NAMES.flatMap((name) => {
  const { about, expected, endless, anyForm } = scenario(name);
  if (!isMendable(expected)) return [];
  const row = WINDOWS[name] ?? MENDABLE_ROWS[expected];
  const forms = anyForm === true ? [true, false] : [true];
  return forms.map((stream) => ({
    name,
    about,
    kind: expected,
    row,
    stream,
    form: stream ? 'a stream' : 'a message',
    ...(endless === true ? waitOf(name, stream) : {}),
  }));
});

describe('the next provider answers unseen, and health shows the row', () => {
  it.each(CASES)('$kind, asked for $form: $about', async ({ name, ...expected }) => {
    const clock = new ManualClock();
    const { behaviour } = scenario(name);
    const failing = await tools.start({ name: 'failing', behaviour, clock });
    await checkRow({ ...tools, balance: (file) => tools.balance(file, { clock }) }, failing, expected);
  });
});

describe('an address where no provider listens', () => {
  const faults: readonly (AddressFault & { readonly name: string })[] = Object.entries(ADDRESS_FAULTS).map(
    ([name, fault]) => ({ name, ...fault }),
  );
  it.each(faults)('$name: $about', async ({ expected, endless, open }) => {
    const address = await open();
    try {
      await checkRow(
        tools,
        { name: 'failing', url: address.url },
        {
          kind: expected,
          // A trial that runs out of the short time does not grow the cooldown.
          row: endless === true ? MENDABLE_ROWS.stalled : MENDABLE_ROWS.unreachable,
          stream: true,
          ...(endless === true ? { waitMs: 30_000 } : {}),
        },
      );
    } finally {
      await address.close();
    }
  });
});
