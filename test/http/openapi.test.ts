import { beforeAll, describe, expect, it } from 'vitest';
import type { Json, OpenApiDocument } from '../../src/http/openapi.ts';
import { honoPath } from '../../src/http/route.ts';
import { promisesOf } from './document-schemas.ts';
import { engineStatus, jsonReply, providerStatus } from './fake-engine.ts';
import { Fixture, NOW, SETTINGS } from './fixture.ts';
import { loopback } from './setup.ts';

async function documentOf(fixture: Fixture): Promise<OpenApiDocument> {
  return JSON.parse(await (await fixture.request('/openapi.json')).text());
}

function operationsOf(document: OpenApiDocument) {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

/** Every value of `key` anywhere in the document. */
function all(value: Json, key: string): Json[] {
  if (Array.isArray(value)) return value.flatMap((each) => all(each, key));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => [
    ...(name === key ? [each] : []),
    ...all(each, key),
  ]);
}

describe('the document', () => {
  it('names every route that is served, and none else', async () => {
    const fixture = new Fixture();
    const served = fixture.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`);
    const documented = operationsOf(await documentOf(fixture)).flatMap(({ method, path, operation }) =>
      [path, ...(operation['x-aliases'] ?? [])].map((each) => `${method.toUpperCase()} ${honoPath(each)}`),
    );
    expect(documented.sort()).toEqual([...new Set(served)].sort());
    expect(documented).toContain('POST /providers/:name/reset');
  });

  it('is OpenAPI 3.1 of this service and this version, and says the same every time', async () => {
    const fixture = new Fixture();
    const document = await documentOf(fixture);
    expect(document).toMatchObject({
      openapi: '3.1.1',
      info: { title: 'Claude Code Provider Balancer', version: '1.2.3' },
      servers: [{ url: '/' }],
    });
    expect(await documentOf(fixture)).toEqual(document);
  });

  it('refers to nothing that it does not hold', async () => {
    const document = await documentOf(new Fixture());
    const references = all(JSON.parse(JSON.stringify(document)), '$ref');
    const named = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect(references.length).toBeGreaterThan(10);
    expect([...new Set(references)].filter((each) => !named.includes(String(each)))).toEqual([]);
  });

  it('gives every operation a name of its own, and declares every parameter of its path', async () => {
    const operations = operationsOf(await documentOf(new Fixture()));
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = (operation.parameters ?? []).filter((each) => each.in === 'path');
      expect(declared.map(({ name, required }) => [name, required])).toEqual(
        inPath.map((name) => [name, true]),
      );
    }
  });

  it('asks for a key only where one is asked for', async () => {
    const fixture = new Fixture();
    const locked = async () =>
      operationsOf(await documentOf(fixture))
        .filter(({ operation }) => !operation.security.some((each) => Object.keys(each).length === 0))
        .map(({ path }) => path);
    expect(await locked()).toEqual([]);
    const exemptPaths = ['/openapi.json', '/docs/', '/health'];
    fixture.settings = { ...SETTINGS, auth: { enabled: true, apiKeys: ['k'], exemptPaths } };
    const paths = await locked();
    expect(paths).toContain('/v1/messages');
    expect(paths).toContain('/redoc');
    for (const open of ['/openapi.json', '/docs', '/health', '/livez', '/readyz', '/api/hello']) {
      expect(paths).not.toContain(open);
      expect((await fixture.request(open)).status).not.toBe(401);
    }
  });
});

const FAILED = providerStatus({
  id: 'B#a@b.c',
  name: 'B',
  accountEmail: 'a@b.c',
  proxy: 'http://proxy:3128',
  state: 'cooling',
  health: {
    failures: 2,
    threshold: 2,
    coolingUntil: NOW + 42_100,
    trial: 'due',
    statedUntil: NOW + 3_600_000,
    lastError: { at: NOW - 1_500, kind: 'server_error', detail: '502', requestId: 'req_0' },
  },
  pairs: [{ model: 'claude-opus-4-5', failures: 1, threshold: 2, trial: 'running' }],
  endpoints: [{ endpoint: 'count_tokens', failures: 1, threshold: 2, coolingUntil: NOW + 1 }],
  timeToFirstContentMs: { p50: 800, p95: 2_000.5 },
});
const OFF = providerStatus({ enabled: false, state: 'disabled', unservable: 'no credential' });

describe('an answer keeps what the document promises:', () => {
  let document: OpenApiDocument;
  beforeAll(async () => {
    document = await documentOf(new Fixture());
  });

  const full = (fixture: Fixture) => {
    fixture.engine.current = engineStatus({
      providers: [providerStatus(), FAILED, OFF],
      lastProvider: 'GAC',
    });
    fixture.engine.list = [{ id: 'm', displayName: 'M', createdAt: '2025-01-01T00:00:00Z' }];
  };
  const rejected = (fixture: Fixture) => {
    fixture.reloadOutcome = { kind: 'rejected', errors: ['line 3: type is wrong'] };
  };
  const locked = (fixture: Fixture) => {
    fixture.settings = { ...SETTINGS, auth: { enabled: true, apiKeys: ['k'], exemptPaths: [] } };
  };
  const stopped = (fixture: Fixture) => {
    fixture.engine.current = engineStatus({ phase: 'draining' });
  };
  const broken = (fixture: Fixture) => {
    fixture.engine.status = () => {
      throw new Error('boom');
    };
  };
  const exposing = (fixture: Fixture) => {
    fixture.settings = { ...SETTINGS, exposeProviderErrors: true };
  };

  it.each([
    ['GET', '/', '/', 200, full],
    ['GET', '/health', '/health', 200, full],
    ['GET', '/health', '/health', 503, stopped],
    ['GET', '/livez', '/livez', 200, full],
    ['GET', '/readyz', '/readyz', 200, full],
    ['GET', '/readyz', '/readyz', 503, stopped],
    ['GET', '/api/hello', '/api/hello', 200, full],
    ['GET', '/providers', '/providers', 200, full],
    ['GET', '/providers', '/providers', 200, stopped],
    ['GET', '/providers', '/providers', 401, locked],
    ['GET', '/providers', '/providers', 500, broken],
    ['POST', '/providers/reload', '/providers/reload', 200, full],
    ['POST', '/providers/reload', '/providers/reload', 422, rejected],
    ['POST', '/providers/{name}/reset', '/providers/GAC/reset', 200, full],
    ['POST', '/providers/{name}/disable', '/providers/B/disable', 200, full],
    ['POST', '/providers/{name}/enable', '/providers/nobody/enable', 404, full],
    ['POST', '/cleanup', '/cleanup', 200, full],
    ['POST', '/cleanup', '/cleanup?force=perhaps', 400, full],
    ['GET', '/v1/models', '/v1/models', 200, full],
    ['GET', '/v1/models', '/v1/models', 200, stopped],
    ['GET', '/v1/models', '/v1/models?limit=0', 400, full],
    ['GET', '/v1/models', '/v1/models?limit=0', 400, exposing],
    ['GET', '/v1/models', '/models', 200, full],
    ['POST', '/v1/chat/completions', '/chat/completions', 401, locked],
    ['GET', '/openapi.json', '/openapi.json', 200, full],
  ] as const)('%s %s (asked as %s) with %i', async (method, path, asked, status, prepare) => {
    const fixture = new Fixture();
    prepare(fixture);
    const response = await fixture.request(asked, { method });
    expect(response.status).toBe(status);
    expect(promisesOf(document).faults(method, path, status, await response.json())).toEqual([]);
  });

  const { start } = loopback();
  const CHAT = '{"model":"m","messages":[{"role":"user","content":"hi"}]}';
  it.each([
    ['POST', '/v1/messages', 200, '{}', { type: 'message', content: [], usage: { input_tokens: 1 } }],
    ['POST', '/v1/messages', 400, 'no object', undefined],
    ['POST', '/v1/messages/count_tokens', 200, '{}', { input_tokens: 3 }],
    ['POST', '/v1/chat/completions', 200, CHAT, { type: 'message', content: [], stop_reason: 'end_turn' }],
    ['POST', '/v1/chat/completions', 400, '{}', undefined],
    ['POST', '/v1/chat/completions', 415, 'compressed', undefined],
    ['POST', '/v1/messages/count_tokens', 413, `{${' '.repeat(1_000_001)}}`, undefined],
  ] as const)('%s %s with %i', async (method, path, status, body, answer) => {
    const { fixture, url } = await start();
    fixture.engine.answer = async () => jsonReply(200, answer);
    const headers: Record<string, string> = body === 'compressed' ? { 'content-encoding': 'zstd' } : {};
    const response = await fetch(url + path, { method, body, headers });
    expect(response.status).toBe(status);
    expect(promisesOf(document).faults(method, path, status, await response.json())).toEqual([]);
  });

  it('a field that the document does not know is found, and a missing one', () => {
    const promises = promisesOf(document);
    expect(promises.faults('GET', '/livez', 200, { status: 'alive', more: 1 })).toHaveLength(1);
    expect(
      promises.faults('GET', '/', 200, { service: 's', status: 'healthy', providers_available: 0 }),
    ).toHaveLength(1);
    expect(promises.faults('GET', '/nothing', 200, {})).toHaveLength(1);
  });
});
