import { describe } from 'vitest';
import { FAILURE_TABLE } from '../../src/domain/failures/failure-table.ts';
import type { FailureKind } from '../../src/domain/failures/outcome.ts';
import { ADDRESS_FAULTS } from '../../src/simulator/address-faults.ts';
import { FAILURE_NAMES, scenario } from '../../src/simulator/scenarios.ts';
import { entry } from './support/balancer.ts';
import { expectOnlyOwnKey, expectUnseenFailover, IMPATIENT, stageFailover } from './support/failover.ts';
import { scene } from './support/stage.ts';

const MENDABLE = FAILURE_NAMES.flatMap((name) => {
  const { about, expected, behaviour, endless } = scenario(name);
  if (expected === 'success' || FAILURE_TABLE[expected].failover !== 'next') return [];
  return [
    { name, about, behaviour, endless, kind: expected, timeouts: endless ? { timeouts: IMPATIENT } : {} },
  ];
});

const ADDRESSES = Object.entries(ADDRESS_FAULTS).map(([name, fault]) => ({
  name,
  ...fault,
  timeouts: 'endless' in fault ? { timeouts: IMPATIENT } : {},
}));

describe('Claude Code sends one request and prints the second provider’s answer when the first', () => {
  scene.concurrent.for(MENDABLE)('fails as $name: $about', async (failure, { stage, expect }) => {
    const first = await stage.provider({ name: 'first', behaviour: failure.behaviour });
    const setting = await stageFailover(stage, entry('first', first.url, failure.timeouts));
    await expectUnseenFailover(expect, stage, setting, failure.kind);

    expect(first.requests).toHaveLength(1);
    for (const received of first.requests) {
      expectOnlyOwnKey(expect, received, 'first');
      // Whoever closed before the body was there has none.
      if (received.complete)
        expect(received.body.equals(setting.second.requests[0]?.body ?? Buffer.of())).toBe(true);
      // An upstream that was given up is closed, not left to run on.
      expect(await received.ended).not.toBe(failure.endless ? 'answered' : undefined);
    }
  });

  scene.concurrent.for(ADDRESSES)('has an address where $about', async (failure, { stage, expect }) => {
    const address = await failure.open();
    stage.afterwards(() => address.close());
    const setting = await stageFailover(stage, entry('first', address.url, failure.timeouts));
    await expectUnseenFailover(expect, stage, setting, failure.expected satisfies FailureKind);
  });
});
