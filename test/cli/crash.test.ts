import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const CRASH = new URL('../../dist/src/cli/crash.js', import.meta.url).href;

it.each([
  ['an exception', "throw new Error('with sk-secret', { cause: 'sk-secret' })"],
  ['a rejection', "Promise.reject(Object.assign(new TypeError('x'), { header: 'Bearer sk-secret' }))"],
])('%s that nobody caught is reported without secrets, and ends the process', (_, act) => {
  const program = `import { reportCrashes } from ${JSON.stringify(CRASH)};
    reportCrashes((text) => text.replaceAll('sk-secret', '***'), process.stderr);
    setTimeout(() => { ${act}; }, 0); setTimeout(() => {}, 100_000);`;
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 15_000,
  });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^The balancer crashed\. \w*Error: /);
  expect(stderr).toContain('***');
  expect(stderr).not.toContain('sk-secret');
});
