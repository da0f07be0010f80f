import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { DOWN, GOOD, limited } from '../support/behaviours.ts';
import { useLiveBalancer } from './support/balancer.ts';
import { picture, useBrowser } from './support/browser.ts';

const balance = useLiveBalancer();
const open = useBrowser();
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe finds that is serious or worse. */
async function findings(page: Page): Promise<readonly string[]> {
  // Evaluated, not added as a script: the page's policy lets no foreign one in.
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } };
    return (await axe.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

describe.each(['light', 'dark'] as const)('in %s every view', (scheme) => {
  it('can be used by everyone, and has its picture taken', async () => {
    const { url, ask } = await balance(
      { alpha: DOWN, beta: limited(20), gamma: GOOD },
      { failure_cooldown: 60 },
    );
    for (const model of ['claude-opus-4-5', 'claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-5'])
      await ask({ model });
    const id = await ask({ model: 'claude-sonnet-4-6' });
    const page = await open(url, { scheme });
    const views: readonly (readonly [name: string, act: () => Promise<unknown>])[] = [
      ['overview', () => page.locator('.card').nth(2).waitFor()],
      ['provider', () => go(page, '#/provider/alpha', '.statechart')],
      ['balancer', () => go(page, '#/balancer', '.statechart')],
      ['requests', () => go(page, '#/requests', '.virtual-body [role="row"]')],
      ['events', () => go(page, '#/events', '.virtual-body [role="row"]')],
      ['request-timeline', () => go(page, `#/request/${id}`, '[data-attempt="1"]')],
      ['request-sequence', () => page.getByRole('tab', { name: 'Sequence' }).click()],
      ['request-states', () => page.getByRole('tab', { name: 'States' }).click()],
      ['request-headers', () => page.getByRole('tab', { name: 'Headers' }).click()],
      ['keys', () => page.keyboard.press('?')],
      [
        'looking-back',
        async () => {
          await page.keyboard.press('Escape');
          await go(page, '#/overview', '.card');
          await page.keyboard.press('Space');
          await page.keyboard.press('[');
          await page.getByText('looking back').waitFor();
        },
      ],
    ];
    const found: string[] = [];
    for (const [name, act] of views) {
      await act();
      // The lit arrow's animation ends.
      await page.waitForTimeout(250);
      await picture(page, `${name}-${scheme}`);
      for (const each of await findings(page)) found.push(`${name}: ${each}`);
    }
    expect(found).toEqual([]);
  });

  it('begins with a form where a key is asked for', async () => {
    const { url } = await balance({ alpha: GOOD }, { auth: { enabled: true, api_key: 'some-key' } });
    const page = await open(url, { scheme });
    await page.getByLabel('API key').waitFor();
    await picture(page, `sign-in-${scheme}`);
    expect(await findings(page)).toEqual([]);
  });
});

async function go(page: Page, hash: string, shows: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.locator(shows).first().waitFor();
}
