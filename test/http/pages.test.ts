import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { OpenApiDocument } from '../../src/http/openapi.ts';
import { curlLine } from '../../src/http/pages/curl.ts';
import { html } from '../../src/http/pages/html.ts';
import { Fixture, SETTINGS } from './fixture.ts';

async function page(path: string, init: RequestInit = {}, fixture = new Fixture()) {
  const response = await fixture.request(path, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe.each(['/docs', '/redoc'])('%s', (path) => {
  it('loads nothing: no address of another host, no import, no source', async () => {
    const { status, headers, text } = await page(path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).not.toMatch(/\b(?:src|srcset|action)\s*=|@import|url\(|<link|<iframe|<img/i);
    const addresses = [...text.matchAll(/href="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(addresses.filter((each) => !/^(?:#[\w-]+|docs|redoc|openapi\.json)$/.test(each))).toEqual([]);
  });

  it('allows its own style and script by their hash, and nothing else', async () => {
    const { headers, text } = await page(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    for (const [kind, tag] of [
      ['style-src', 'style'],
      ['script-src', 'script'],
    ] as const) {
      const blocks = [...text.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))];
      expect(blocks).toHaveLength(1);
      const hash = createHash('sha256')
        .update(blocks[0]?.[1] ?? '')
        .digest('base64');
      expect(policy).toContain(`${kind} 'sha256-${hash}'`);
    }
    expect(text).not.toMatch(/\son\w+=|\sstyle=|javascript:/i);
  });

  it('shows every operation and every schema of the document, and leads only to what is there', async () => {
    const { text } = await page(path);
    const document: OpenApiDocument = JSON.parse((await page('/openapi.json')).text);
    const ids = [...text.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const methods of Object.values(document.paths))
      for (const { operationId, summary } of Object.values(methods)) {
        expect(ids).toContain(operationId);
        expect(text).toContain(html`${summary}`.html);
      }
    for (const name of Object.keys(document.components.schemas)) expect(ids).toContain(`schema-${name}`);
    const targets = [...text.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
    expect(targets.filter((each) => !ids.includes(each))).toEqual([]);
  });

  it('has a language, one title, one main heading, a way past the contents, and names for its buttons', async () => {
    const { text } = await page(path);
    expect(text).toContain('<html lang="en">');
    expect(text.match(/<title>/g)).toHaveLength(1);
    expect(text.match(/<h1>/g)).toHaveLength(1);
    expect(text).toContain('<a class="skip" href="#main">');
    const buttons = [...text.matchAll(/<button[^>]*>/g)].map((match) => match[0]);
    expect(buttons.length).toBeGreaterThan(10);
    expect(buttons.filter((each) => !each.includes('aria-label="'))).toEqual([]);
  });

  it('is small', async () => {
    expect((await page(path)).text.length).toBeLessThan(120_000);
  });

  it('writes names of the configuration as text, never as markup', async () => {
    const fixture = new Fixture();
    fixture.settings = { ...SETTINGS, appName: '<script>alert(1)</script>' };
    const { text } = await page(path, {}, fixture);
    expect(text).not.toContain('<script>alert');
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });
});

describe('the lines to copy', () => {
  it('lead to where the page was asked for, over TLS where a proxy says so', async () => {
    const plain = await page('/docs', { headers: { host: 'localhost:9090' } });
    expect(plain.text).toContain('curl http://localhost:9090/providers<');
    const secure = await page('/docs', { headers: { host: '127.0.0.1', 'x-forwarded-proto': 'https' } });
    expect(secure.text).toContain('curl -X POST https://127.0.0.1/providers/reload<');
  });

  it('never carry a host that a shell would take for more than a name', async () => {
    const fixture = new Fixture();
    fixture.settings = { ...SETTINGS, auth: { enabled: true, apiKeys: ['k'], exemptPaths: ['/docs'] } };
    const { text } = await page('/docs', { headers: { host: 'x;reboot' } }, fixture);
    expect(text).not.toContain('reboot');
    expect(text).toContain('http://127.0.0.1:9090/providers');
  });

  it('quote for a shell, show a key where one is needed, and name what only the reader knows', () => {
    const operation = {
      operationId: 'x',
      tags: [],
      summary: '',
      responses: {},
      security: [{ key: [] }],
      requestBody: {
        required: true,
        description: '',
        content: { 'application/json': { schema: {}, example: { text: "it's" } } },
      },
    } as const;
    expect(curlLine('http://h', 'post', '/providers/{name}/x', operation)).toBe(
      `curl -X POST http://h/providers/NAME/x -H "x-api-key: $BALANCER_KEY" -H 'content-type: application/json' ` +
        `-d '{"text":"it'\\''s"}'`,
    );
  });
});
