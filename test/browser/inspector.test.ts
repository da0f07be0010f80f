import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DOWN, GOOD, HELD, limited } from '../support/behaviours.ts';
import { useLiveBalancer } from './support/balancer.ts';
import { useBrowser } from './support/browser.ts';

const balance = useLiveBalancer();
const open = useBrowser();

describe('the overview', () => {
  it('shows a failover within a second', async () => {
    // What else the machine does may hold one of them up; not all of them.
    const tries: number[] = [];
    do tries.push(await failoverShownMs());
    while (tries.length < 3 && Math.min(...tries) >= 1_000);
    expect(Math.min(...tries)).toBeLessThan(1_000);
  });

  it('counts a provider’s cooldown down by the second, and lets it be healed', async () => {
    const { url } = await balance({ first: GOOD, second: GOOD }, { failure_cooldown: 30 });
    const page = await open(url, { at: '#/provider/first' });
    await page.getByRole('button', { name: 'Cool now' }).click();
    await page.locator('.provider-head').getByText('cooling').waitFor();
    const countdown = page.locator('.countdown');
    const left = async () => Number.parseInt((await countdown.textContent()) ?? '', 10);
    const first = await left();
    expect(first).toBeGreaterThan(20);
    await page.waitForFunction(
      (before) => Number.parseInt(document.querySelector('.countdown')?.textContent ?? '', 10) <= before - 2,
      first,
    );
    await expect.poll(() => page.locator('[data-state="cooling"].active').count()).toBe(1);
    await page.getByRole('button', { name: 'Heal now' }).click();
    await page.locator('.provider-head').getByText('healthy').waitFor();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.locator('.provider-head').getByText('disabled').waitFor();
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.locator('.provider-head').getByText('healthy').waitFor();
    await page.getByRole('row').filter({ hasText: 'operator.cool' }).first().waitFor();
  });
});

/** How long after a failover the overview shows it, ms. The table of requests has its row. */
async function failoverShownMs(): Promise<number> {
  const { url, ask } = await balance({ first: limited(30), second: GOOD });
  const page = await open(url);
  const card = page.locator('[data-provider="first"]');
  await card.getByText('healthy').waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await ask();
  const began = performance.now();
  await card.getByText('rate limited').waitFor();
  const shownMs = performance.now() - began;
  await page.goto(`${url}/inspector#/requests`);
  await page.getByRole('row').filter({ hasText: 'first → second' }).waitFor();
  return shownMs;
}

describe('the balancer’s own view', () => {
  it('shows its chart, what moved it, and which actors it began', async () => {
    const { url } = await balance({ first: GOOD });
    const page = await open(url);
    await page.locator('.card').waitFor();
    await page.keyboard.press('b');
    await page.locator('[data-state="serving"].active').waitFor();
    expect(await page.locator('[data-edge="starting→serving"].lit').count()).toBe(1);
    await page.getByRole('row').filter({ hasText: 'server.listening' }).waitFor();
    await page.getByRole('row').filter({ hasText: 'provider:first' }).waitFor();
    await page.getByRole('slider', { name: 'Moment' }).focus();
    await page.keyboard.press('Home');
    await page.locator('[data-state="starting"].active').waitFor();
    expect(await page.locator('[data-edge="starting→serving"].lit').count()).toBe(0);
  });
});

describe('a statechart', () => {
  it('fits a usual window whole', async () => {
    const { url } = await balance({ first: GOOD });
    const page = await open(url, { at: '#/provider/first' });
    const box = await page.locator('.statechart').boundingBox();
    const bar = await page.locator('.time-bar').boundingBox();
    expect((box?.y ?? 0) + (box?.height ?? Infinity)).toBeLessThanOrEqual(bar?.y ?? 0);
    expect((box?.x ?? 0) + (box?.width ?? Infinity)).toBeLessThanOrEqual(1360);
    // And can be read: the smallest letters are no smaller than nine pixels and a half.
    const letters = await page.evaluate(() => {
      const label = document.querySelector('.edge-label text');
      if (!(label instanceof SVGTextElement)) throw new Error('no label');
      return Number.parseFloat(getComputedStyle(label).fontSize) * (label.getScreenCTM()?.a ?? 0);
    });
    expect(letters).toBeGreaterThanOrEqual(9.5);
  });
});

describe('the page', () => {
  it('says which theme it has, on the button that changes it', async () => {
    const { url } = await balance({ first: GOOD });
    const page = await open(url);
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    const button = (name: string) => page.getByRole('button', { name: `Theme: ${name}`, exact: true });
    await button('auto').click();
    await button('light').waitFor();
    expect(await theme()).toBe('light');
    await button('light').click();
    await button('dark').waitFor();
    expect(await theme()).toBe('dark');
    await button('dark').click();
    await button('auto').waitFor();
    expect(await theme()).toBe(undefined);
  });
});

describe('a request', () => {
  it('shows its attempts on a timeline, why each was chosen, its lanes, its states and what came back', async () => {
    const { url, ask } = await balance({ first: DOWN, second: GOOD });
    const id = await ask();
    const page = await open(url, { at: `#/request/${id}` });
    await page.locator('[data-attempt="2"]').waitFor();
    expect(await page.locator('[data-attempt]').count()).toBe(2);
    const first = page.locator('[data-attempt="1"]');
    expect(await first.locator('.failover').count()).toBe(1);
    expect(await first.textContent()).toContain('server error');
    const second = page.locator('[data-attempt="2"]');
    expect(await second.getByRole('img').getAttribute('aria-label')).toMatch(
      /^Attempt 2 at second: connect .*, wait .*, first event .*, stream .*; success\.$/,
    );
    expect(await second.locator('.commit-line').count()).toBe(1);
    const reasons = await page.locator('.decisions').textContent();
    expect(reasons).toContain('chosen: priority');
    expect(reasons).toContain('passed over: failed already');
    await page.getByRole('tab', { name: 'Sequence' }).click();
    const sequence = await page.locator('.sequence').textContent();
    for (const word of [
      'attempt 1 started',
      'HTTP 500',
      'verdict: server error',
      'first content: the commit',
      'served, HTTP 200',
    ]) {
      expect(sequence).toContain(word);
    }
    await page.keyboard.press('ArrowRight');
    await page.locator('[data-state="served"].active').waitFor();
    expect(await page.locator('.path').textContent()).toBe(
      'selectingattemptingselectingattemptingstreamingserved',
    );
    expect(await page.locator('[data-edge="active.attempting→active.streaming"].lit').count()).toBe(1);
    expect(await page.locator('[data-edge="selecting→waiting"].lit').count()).toBe(0);
    // A bug of ours would lead the same way.
    expect(await page.locator('[data-edge="active.attempting→selecting"].lit').count()).toBe(1);
    expect(await page.locator('[data-edge="active→selecting"].lit').count()).toBe(0);
    await page.getByRole('tab', { name: 'Headers' }).click();
    const headers = await page.locator('#tab-panel').textContent();
    expect(headers).toContain('x-api-keynot shown');
    expect(headers).not.toContain('secret-key-of');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export trace' }).click();
    const trace = JSON.parse(readFileSync(await (await download).path(), 'utf8'));
    expect(trace).toMatchObject({ format: 'claude-code-balancer/trace', summary: { id } });
  });

  it('is followed while it runs', async () => {
    const { url, ask, providers, events } = await balance({ slow: HELD });
    const page = await open(url, { at: '#/requests' });
    const ends = ask();
    await page.getByRole('row').filter({ hasText: 'running' }).click();
    await page.locator('[data-attempt="1"]').getByText('running').waitFor();
    await expect.poll(() => events.length).toBeGreaterThan(2);
    providers.slow?.release();
    await page.locator('.provider-head').getByText('served').waitFor();
    await ends;
  });
});

describe('the table of requests', () => {
  it('is filtered by words, outcome, provider, model and session', async () => {
    const { url, ask } = await balance({ first: GOOD });
    for (const model of ['claude-sonnet-4-5', 'claude-opus-4-5', 'claude-opus-4-5'])
      await ask({ model }, `of-${model}`);
    const page = await open(url, { at: '#/requests' });
    const rows = page.locator('.virtual-body [role="row"]');
    await expect.poll(() => rows.count()).toBe(3);
    await page.keyboard.press('/');
    await page.keyboard.type('opus');
    await expect.poll(() => rows.count()).toBe(2);
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Model' }).selectOption('claude-sonnet-4-5');
    await page.getByText('Nothing fits.').waitFor();
    await page.getByRole('searchbox').fill('');
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole('combobox', { name: 'Model' }).selectOption('');
    await page.getByRole('combobox', { name: 'Session' }).selectOption('of-claude-opus-4-5');
    await expect.poll(() => rows.count()).toBe(2);
    await page.getByRole('combobox', { name: 'Outcome' }).selectOption('cancelled');
    await page.getByText('Nothing fits.').waitFor();
  });

  it('is walked and opened by keys alone', async () => {
    const { url, ask } = await balance({ first: GOOD });
    const ids = [await ask(), await ask(), await ask()];
    const page = await open(url);
    await page.locator('.card').waitFor();
    await page.keyboard.press('r');
    await page.locator('.virtual-body [role="row"]').nth(2).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowDown');
    await page.locator('[role="row"][aria-current]').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText(ids[1] ?? '', { exact: true }).waitFor();
    await page.keyboard.press('1');
    await page.getByRole('heading', { name: 'first' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('e');
    await page.getByRole('table', { name: 'Events' }).waitFor();
    await page.keyboard.press('o');
    await page.locator('.card').waitFor();
  });
});

describe('going back in time', () => {
  it('shows every provider as it was, and comes back to now', async () => {
    const { url, ask } = await balance({ first: DOWN, second: GOOD }, { failure_cooldown: 60 });
    await ask();
    await ask();
    const page = await open(url);
    const card = page.locator('[data-provider="first"]');
    await card.getByText('cooling').waitFor();
    await page.keyboard.press('Space');
    await page.getByText('looking back').waitFor();
    await page.keyboard.press('[');
    await card.getByText('cooling').waitFor();
    await page.keyboard.press('[');
    await card.getByText('degraded').waitFor();
    expect(await card.textContent()).toContain('1/2');
    const slider = page.getByRole('slider', { name: 'Moment' });
    await slider.focus();
    await page.keyboard.press('Home');
    await card.getByText('healthy').waitFor();
    // What comes meanwhile changes nothing of what is looked at.
    await ask();
    await card.getByText('healthy').waitFor();
    await page.getByRole('button', { name: 'Back to now' }).click();
    await card.getByText('cooling').waitFor();
  });

  it('shows the figures and the charts of that moment, not those of now', async () => {
    const { url, ask } = await balance({ first: DOWN, second: GOOD }, { failure_cooldown: 60 });
    for (let at = 0; at < 3; at += 1) await ask();
    const page = await open(url);
    const figure = async (name: string) =>
      (await page.locator(`[data-figure="${name}"] b`).textContent()) ?? '';
    const fact = async (provider: string, name: string) =>
      page
        .locator(`[data-provider="${provider}"] .facts div`)
        .filter({ hasText: name })
        .locator('dd')
        .textContent();
    const chart = () => page.locator('.plot').first().getAttribute('aria-label');
    await expect.poll(() => figure('Requests')).toBe('3');
    expect(await fact('second', 'Success')).toBe('100 %');
    expect(await fact('second', 'Tokens')).toBe('36 / 21');
    // The first failure of the first request: nothing had been served yet.
    await page.keyboard.press('Space');
    await page.keyboard.press('[');
    await page.keyboard.press('[');
    await page.locator('[data-provider="first"]').getByText('degraded').waitFor();
    expect([await figure('In flight'), await figure('Requests'), await figure('Failovers')]).toEqual([
      '1',
      '0',
      '0',
    ]);
    expect(await fact('first', 'Success')).toBe('0 %');
    expect(await fact('second', 'Success')).toBe('–');
    expect(await fact('second', 'First p50')).toBe('–');
    expect(await fact('second', 'Tokens')).toBe('0 / 0');
    expect(await chart()).toBe('Requests of the last hour: 0 served, 0 failed, 0 cancelled.');
    // The second one: one request has been served.
    await page.keyboard.press(']');
    await page.locator('[data-provider="first"]').getByText('cooling').waitFor();
    expect([await figure('In flight'), await figure('Requests'), await figure('Failovers')]).toEqual([
      '1',
      '1',
      '1',
    ]);
    expect(await fact('second', 'Tokens')).toBe('12 / 7');
    expect(await chart()).toBe('Requests of the last hour: 1 served, 0 failed, 0 cancelled.');
    await page.keyboard.press('Space');
    await expect.poll(() => figure('Requests')).toBe('3');
  });
});

describe('signing in', () => {
  it('takes the key once, and lets go again', async () => {
    const key = 'the-key-of-the-balancer';
    const { url } = await balance({ first: GOOD }, { auth: { enabled: true, api_key: key } }, key);
    const page = await open(url, { allows: /401/ });
    await page.getByLabel('API key').fill('nonsense');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.card').waitFor();
    expect(page.url()).not.toContain(key);
    expect(await page.evaluate(() => document.cookie)).toBe('');
    expect(await page.content()).not.toContain(key);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
  });
});
