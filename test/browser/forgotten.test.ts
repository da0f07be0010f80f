import { expect, it } from 'vitest';
import { GOOD } from '../support/behaviours.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';
import { picture, useBrowser } from './support/browser.ts';

const balance = useBench();
const start = useProviders();
const open = useBrowser();

const MINUTE = 60_000;

it.each(['light', 'dark'] as const)('what is no longer kept is said to be unknown, in %s', async (scheme) => {
  const only = await start({ name: 'only', behaviour: GOOD });
  const bench = await balance({
    providers: [entry(only)],
    settings: { inspector: { events: 100 }, cache: { enabled: false } },
  });
  for (let at = 1; at <= 40; at += 1) {
    await bench.messages().end;
    await bench.ended(at);
    bench.clock.advance(2 * MINUTE);
  }
  const page = await open(bench.url, { scheme });
  const figure = (name: string) => page.locator(`[data-figure="${name}"]`);
  const fact = (name: string) =>
    page.locator('.card .facts div').filter({ hasText: name }).locator('dd').textContent();
  await figure('Requests').getByText('in the last hour').waitFor();
  await page.getByRole('slider', { name: 'Moment' }).focus();
  await page.keyboard.press('Home');
  await figure('Requests').getByText('the rest is not kept').waitFor();
  // Counts are known all the same: those of now, less what came since.
  expect(await fact('Success')).toBe('100 %');
  expect(await fact('First p95')).toBe('not known');
  expect(Number.parseInt((await fact('Tokens')) ?? '', 10)).toBeGreaterThan(12);
  await picture(page, `not-known-${scheme}`);
});
