import { describe, expect, it } from 'vitest';
import { HELP, readOptions } from '../../bench/options.ts';
import { PART_NAMES } from '../../bench/parts.ts';

describe('the options of the bench', () => {
  it('ask for all parts, fully, if nothing is said', () => {
    expect(readOptions([])).toEqual({
      quick: false,
      parts: PART_NAMES,
      assert: false,
      json: undefined,
      profiles: undefined,
      help: false,
    });
  });

  it('name the parts that run alone', () => {
    expect(readOptions(['--quick', '--only', 'many, requests'])).toMatchObject({
      quick: true,
      parts: ['many', 'requests'],
    });
  });

  it('say what is wrong with a part that there is not, and which there are', () => {
    expect(readOptions(['--only', 'streams,request'])).toBe(
      `--only: there is no part "request"; the parts are ${PART_NAMES.join(', ')}`,
    );
    expect(readOptions(['--only', ''])).toContain('there is no part ""');
  });

  it('say what is wrong with an option that there is not', () => {
    expect(readOptions(['--quik'])).toContain('--quik');
  });

  it('are all in the help, and so are the parts', () => {
    for (const option of ['quick', 'only', 'assert', 'json', 'profile', 'help'])
      expect(HELP).toContain(`  --${option} `);
    for (const part of PART_NAMES) expect(HELP).toMatch(new RegExp(`^ {2}${part} `, 'm'));
  });
});
