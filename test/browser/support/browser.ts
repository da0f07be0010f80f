import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

/** Where pictures of every view go, to be looked at. */
const PICTURES = join(import.meta.dirname, '..', '..', '..', 'coverage', 'inspector');

export interface OpenOptions {
  readonly scheme?: 'light' | 'dark';
  /** Where on the page: `#/requests`. */
  readonly at?: string;
  /** Console lines that are expected. */
  readonly allows?: RegExp;
}

/** Pages of one browser for a file of tests. After each test: no error on any console, and nothing asked of another host. */
export function useBrowser() {
  let browser: Browser | undefined;
  const open: { readonly page: Page; readonly complaints: string[] }[] = [];
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    // Root, as which containers run, may not use the sandbox; nothing but our own page is opened.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    const all = open.splice(0);
    for (const { page } of all) await page.close();
    expect(all.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
  return async (url: string, { scheme = 'light', at = '', allows }: OpenOptions = {}): Promise<Page> => {
    if (browser === undefined) throw new Error('no browser');
    const page = await browser.newPage({ viewport: { width: 1360, height: 900 }, colorScheme: scheme });
    page.setDefaultTimeout(10_000);
    const complaints: string[] = [];
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() !== 'log' && message.type() !== 'debug' && allows?.test(text) !== true)
        complaints.push(text);
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`asked ${request.url()}`);
    });
    open.push({ page, complaints });
    await page.goto(`${url}/inspector${at}`);
    return page;
  };
}

/** Writes a picture of what is seen. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}
