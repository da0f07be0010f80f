import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Cooldown,
  FAILURE_TABLE,
  type FailureRule,
  isRefusal,
} from '../../../src/domain/failures/failure-table.ts';
import { FAILURE_KINDS, type FailureKind } from '../../../src/domain/failures/outcome.ts';

/** The rows of the first table of docs/failures.md: cells by outcome. */
function documented(): Map<string, string[]> {
  const page = readFileSync(new URL('../../../docs/failures.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('## The table'), page.indexOf('## Times'));
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.map((row) => {
      const [outcome = '', ...cells] = row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      return [outcome.replaceAll('`', ''), cells];
    }),
  );
}

function failoverText(kind: FailureKind, { failover }: FailureRule): string {
  if (failover === 'next') return 'next candidate';
  if (failover === 'none') return 'no';
  return kind === 'foreign_signature'
    ? 'same candidate, once, without that thinking'
    : 'same candidate, once, on a new connection';
}

function blameText({ blame, counts }: FailureRule): string {
  if (blame === 'nobody') return 'nobody';
  const when = counts === 'counted' ? 'counts' : 'at once';
  return blame === 'window'
    ? `pair, or provider if the stated time is the account's; ${when}`
    : `${blame}, ${when}`;
}

function cooldownText(cooldown: Cooldown): string {
  switch (cooldown.kind) {
    case 'none':
      return '–';
    case 'base':
      return `base, grows to ${cooldown.growsTo}`;
    case 'window':
      return 'until the stated time, at most max';
    case 'fixed': {
      const seconds = `${cooldown.ms / 1000} s`;
      // What starts above max has nowhere to grow.
      return cooldown.ms >= 1_800_000 ? seconds : `${seconds}, grows to ${cooldown.growsTo}`;
    }
  }
}

describe('docs/failures.md', () => {
  const rows = documented();

  it('has a row for each outcome, and no other', () => {
    expect([...rows.keys()].sort()).toEqual([...FAILURE_KINDS].sort());
  });

  it.each(FAILURE_KINDS)('says of %s what the table of the code says', (kind) => {
    const rule = FAILURE_TABLE[kind];
    const [recognised = '', ...cells] = rows.get(kind) ?? [];
    expect(recognised.length).toBeGreaterThan(5);
    expect(cells).toEqual([
      failoverText(kind, rule),
      blameText(rule),
      cooldownText(rule.cooldown),
      rule.passing ? 'yes' : 'no',
    ]);
  });
});

describe('the table', () => {
  it.each(FAILURE_KINDS)(
    '%s: who blames nobody leaves no trace, and who blames someone cools them',
    (kind) => {
      const { blame, counts, cooldown, basis } = FAILURE_TABLE[kind];
      const leavesTrace = blame !== 'nobody';
      expect({
        counts: counts !== 'never',
        cools: cooldown.kind !== 'none',
        hasBasis: basis !== 'none',
      }).toEqual({ counts: leavesTrace, cools: leavesTrace, hasBasis: leavesTrace });
    },
  );

  it.each(FAILURE_KINDS)('%s: what is only counted is a suspicion, what cools at once is sure', (kind) => {
    const { counts, basis } = FAILURE_TABLE[kind];
    if (counts === 'counted') expect(basis).toBe('suspicion');
    if (counts === 'at_once') expect(['certain', 'window']).toContain(basis);
    expect(counts === 'never').toBe(basis === 'none');
  });

  it('names as refusals what is the request’s own fault, and blames nobody for it', () => {
    const refusals = FAILURE_KINDS.filter(isRefusal);
    expect(refusals).toEqual([
      'client_credentials',
      'too_large',
      'refused',
      'foreign_signature',
      'refused_for_sure',
    ]);
    expect(refusals.every((kind) => FAILURE_TABLE[kind].blame === 'nobody')).toBe(true);
  });

  it('speaks against a whole provider never for a model’s or a moment’s trouble', () => {
    const pairwise = FAILURE_KINDS.filter((kind) => ['pair', 'window'].includes(FAILURE_TABLE[kind].blame));
    expect(pairwise).toEqual(['overloaded', 'burst_limited', 'rate_limited', 'model_missing']);
  });
});
