import { describe, expect, it } from 'vitest';
import { engineStatus, providerStatus } from './fake-engine.ts';
import { Fixture, NOW, SECRET, SETTINGS } from './fixture.ts';

async function get(fixture: Fixture, path: string, init: RequestInit = {}) {
  const response = await fixture.request(path, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: text && JSON.parse(text) };
}

const COOLING = providerStatus({
  id: 'AnyRouter#a@b.c',
  name: 'AnyRouter',
  accountEmail: 'a@b.c',
  baseUrl: 'https://user:pw@anyrouter.top',
  proxy: 'http://user:pw@proxy:3128',
  state: 'cooling',
  health: {
    failures: 2,
    threshold: 2,
    coolingUntil: NOW + 42_100,
    statedUntil: NOW + 3_600_000,
    lastError: {
      at: NOW - 1_500,
      kind: 'server_error',
      detail: `502 with ${SECRET}`,
      requestId: 'req_0',
    },
  },
  pairs: [{ model: 'claude-opus-5-5', failures: 1, threshold: 2, trial: 'due' }],
  requests: { inFlight: 1, attempts: 9, successes: 6, failures: 2 },
  timeToFirstContentMs: { p50: 800, p95: 2_000 },
});

describe('GET /', () => {
  it('tells service, version and how many providers are available', async () => {
    const fixture = new Fixture();
    fixture.engine.current = engineStatus({ providers: [providerStatus(), COOLING] });
    expect((await get(fixture, '/')).json).toEqual({
      service: 'Claude Code Provider Balancer',
      version: '1.2.3',
      status: 'healthy',
      providers_available: 1,
    });
  });

  it('answers HEAD without a body, as /api/hello does', async () => {
    for (const path of ['/', '/api/hello']) {
      expect(await get(new Fixture(), path, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    }
  });
});

describe('GET /health', () => {
  const health = async (...providers: ReturnType<typeof providerStatus>[]) => {
    const fixture = new Fixture();
    fixture.engine.current = engineStatus({ providers });
    return get(fixture, '/health');
  };

  it('is 200 while any provider could be tried, also a cooling one', async () => {
    expect(await health(COOLING)).toMatchObject({ status: 200, json: { status: 'healthy' } });
  });

  it('is 503 with none, and with disabled and unservable ones alone', async () => {
    const dead = [
      providerStatus({ enabled: false, state: 'disabled' }),
      providerStatus({ unservable: 'no credential' }),
    ];
    for (const providers of [[], dead]) {
      expect(await health(...providers)).toMatchObject({
        status: 503,
        json: { status: 'unhealthy', message: 'No healthy providers available' },
      });
    }
  });
});

describe('GET /livez and /readyz', () => {
  it('say that we live always, and that we are ready only while serving', async () => {
    const fixture = new Fixture();
    for (const phase of ['starting', 'serving', 'draining', 'stopped'] as const) {
      fixture.engine.current = engineStatus({ phase });
      expect((await get(fixture, '/livez')).status).toBe(200);
      const ready = await get(fixture, '/readyz');
      expect(ready.status).toBe(phase === 'serving' ? 200 : 503);
      expect(ready.json).toEqual({ status: phase === 'serving' ? 'ready' : phase });
    }
  });
});

describe('GET /providers', () => {
  const fixture = new Fixture();
  fixture.engine.current = engineStatus({
    providers: [
      providerStatus(),
      COOLING,
      providerStatus({ id: 'Off', name: 'Off', enabled: false, state: 'disabled' }),
    ],
    lastProvider: 'GAC',
    inFlight: 1,
  });
  fixture.settings = {
    ...SETTINGS,
    auth: { enabled: false, apiKeys: [SECRET], exemptPaths: [] },
  };

  it('keeps name, type and place of every field of the older products', async () => {
    const { json } = await get(fixture, '/providers');
    expect(json).toMatchObject({
      total_providers: 3,
      healthy_providers: 1,
      selection_strategy: 'priority',
      total_model_routes: 1,
      current_provider: 'GAC',
    });
    expect(json.providers[0]).toMatchObject({
      name: 'GAC',
      type: 'anthropic',
      base_url: 'https://gaccode.com/claudecode',
      enabled: true,
      healthy: true,
      failure_count: 0,
      last_failure_time: 0,
      proxy: null,
      models: [{ pattern: '*sonnet*', model: 'passthrough', priority: 1 }],
      status: 'healthy',
    });
    expect(json.providers.map((provider: { status: string }) => provider.status)).toEqual([
      'healthy',
      'unhealthy',
      'disabled',
    ]);
  });

  it('tells of a cooling provider how long and why, and what happened last', async () => {
    const { json } = await get(fixture, '/providers');
    expect(json.providers[1]).toMatchInlineSnapshot(`
      {
        "account_email": "a@b.c",
        "base_url": "https://anyrouter.top",
        "cooldown": {
          "left_seconds": 43,
          "until": "2025-08-08T12:00:42.100Z",
          "why": "server_error: 502 with [redacted]",
        },
        "disabled_by_hand": false,
        "enabled": true,
        "endpoints": [],
        "failure_count": 2,
        "failures": "2/2",
        "healthy": false,
        "id": "AnyRouter#a@b.c",
        "in_flight": 0,
        "last_error": {
          "at": "2025-08-08T11:59:58.500Z",
          "detail": "502 with [redacted]",
          "kind": "server_error",
          "request_id": "req_0",
        },
        "last_failure_time": 1754654398.5,
        "latency": {
          "time_to_first_content_ms": {
            "p50": 800,
            "p95": 2000,
          },
        },
        "learned": [],
        "max_concurrent": null,
        "models": [
          {
            "model": "passthrough",
            "pattern": "*sonnet*",
            "priority": 1,
          },
        ],
        "name": "AnyRouter",
        "pairs": [
          {
            "cooldown": null,
            "failures": "1/2",
            "last_error": null,
            "model": "claude-opus-5-5",
            "stated_until": null,
            "trial": "due",
          },
        ],
        "proxy": "http://proxy:3128",
        "requests": {
          "attempts": 9,
          "failures": 2,
          "in_flight": 1,
          "successes": 6,
        },
        "state": "cooling",
        "stated_until": "2025-08-08T13:00:00.000Z",
        "status": "unhealthy",
        "trial": null,
        "type": "anthropic",
        "unservable": null,
        "waiting": 0,
        "weight": 1,
      }
    `);
  });

  it('shows the settings in force, in the units of the file', async () => {
    const { json } = await get(fixture, '/providers');
    expect(json.settings).toMatchObject({
      failure_cooldown: 60,
      unhealthy_threshold: 2,
      max_cooldown: 1800,
      log_level: 'INFO',
    });
  });

  it('holds no secret: no key, no password of an address, none in a provider’s own words', async () => {
    const { text } = await get(fixture, '/providers');
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain('pw@');
    expect(text).toContain('https://anyrouter.top');
  });
});

describe('POST /providers/reload', () => {
  it('tells how many providers there are now', async () => {
    const fixture = new Fixture();
    fixture.engine.current = engineStatus({ providers: [providerStatus(), COOLING] });
    expect(await get(fixture, '/providers/reload', { method: 'POST' })).toMatchObject({
      status: 200,
      json: {
        status: 'success',
        message: 'Provider configuration reloaded successfully',
        providers_count: 2,
        healthy_providers: 1,
      },
    });
  });

  it('that is rejected is a 422 with every error, and without a secret', async () => {
    const fixture = new Fixture();
    fixture.reloadOutcome = { kind: 'rejected', errors: ['line 3: type is wrong', `line 4: ${SECRET}`] };
    expect(await get(fixture, '/providers/reload', { method: 'POST' })).toMatchObject({
      status: 422,
      json: {
        status: 'error',
        message:
          'Failed to reload configuration, the running one stays: line 3: type is wrong; line 4: [redacted]',
        errors: ['line 3: type is wrong', 'line 4: [redacted]'],
      },
    });
  });

  it('asked for with GET is a 405 that tells how', async () => {
    const { status, headers, json } = await get(new Fixture(), '/providers/reload');
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('POST');
    expect(json.error.message).toContain('curl -X POST');
  });
});

describe('POST /providers/{name}/…', () => {
  it('resets, disables and enables by name or id, also with odd characters', async () => {
    const fixture = new Fixture();
    fixture.engine.current = engineStatus({
      providers: [COOLING, providerStatus({ id: '云雾/1', name: '云雾/1' })],
    });
    const post = (name: string, action: string) =>
      get(fixture, `/providers/${encodeURIComponent(name)}/${action}`, { method: 'POST' });
    expect((await post('AnyRouter', 'reset')).json).toMatchObject({
      status: 'success',
      message: 'AnyRouter#a@b.c is reset: counts and cooldowns are forgotten.',
      provider: { name: 'AnyRouter' },
    });
    expect((await post('AnyRouter#a@b.c', 'disable')).status).toBe(200);
    expect((await post('云雾/1', 'enable')).status).toBe(200);
    expect(fixture.engine.operations).toEqual([
      ['AnyRouter', 'reset'],
      ['AnyRouter#a@b.c', 'disable'],
      ['云雾/1', 'enable'],
    ]);
  });

  it('of an unknown provider is a 404 that names the known ones', async () => {
    const fixture = new Fixture();
    fixture.engine.current = engineStatus({ providers: [providerStatus()] });
    const { status, json } = await get(fixture, '/providers/Gac/reset', { method: 'POST' });
    expect(status).toBe(404);
    expect(json.error.message).toBe('No provider is called "Gac". There are: GAC.');
  });
});

describe('POST /cleanup', () => {
  it('says what was forgotten, without force and with it', async () => {
    const fixture = new Fixture();
    fixture.engine.cleared = { sessions: 2, modelLists: 1, answers: 3 };
    expect(await get(fixture, '/cleanup', { method: 'POST' })).toMatchObject({
      status: 200,
      json: { status: 'cleanup completed', cleared: { sessions: 2, model_lists: 1, answers: 3 } },
    });
    for (const query of ['force=false', 'force=true', 'force=1', 'force=No', 'force=on']) {
      expect((await get(fixture, `/cleanup?${query}`, { method: 'POST' })).status).toBe(200);
    }
    expect(fixture.engine.cleanups).toEqual([false, false, true, true, false, true]);
  });

  it('with another word for force is a 400 that says so, and nothing is forgotten', async () => {
    const fixture = new Fixture();
    const { status, json } = await get(fixture, '/cleanup?force=maybe', { method: 'POST' });
    expect([status, json.error.message]).toEqual([400, 'force: must be true or false.']);
    expect(fixture.engine.cleanups).toEqual([]);
  });
});

describe('settings.expose_provider_errors', () => {
  const keys = ['provider', 'provider_message', 'provider_code'];
  const errorOf = async (exposeProviderErrors: boolean, path: string) => {
    const fixture = new Fixture();
    fixture.settings = { ...SETTINGS, exposeProviderErrors };
    return (await get(fixture, path)).json.error;
  };

  it('off leaves the keys about a provider out of errors', async () => {
    for (const key of keys) expect(await errorOf(false, '/v1/models?limit=x')).not.toHaveProperty(key);
  });

  it('on gives every error of /v1/* the three keys, null where no provider had a part in it', async () => {
    for (const path of ['/v1/models?limit=x', '/v1/messages', '/v1/nothing'])
      expect(await errorOf(true, path)).toMatchObject({
        provider: null,
        provider_message: null,
        provider_code: null,
      });
    for (const key of keys) expect(await errorOf(true, '/nothing')).not.toHaveProperty(key);
  });
});

describe('GET /v1/models', () => {
  const fixture = new Fixture();
  fixture.engine.list = ['a', 'b', 'c', 'd'].map((name) => ({
    id: `claude-${name}`,
    displayName: `Claude ${name}`,
    createdAt: '2025-01-01T00:00:00Z',
  }));
  const ids = async (query: string) => {
    const { json } = await get(fixture, `/v1/models${query}`);
    return [json.data.map((model: { id: string }) => model.id.slice(-1)).join(''), json.has_more];
  };

  it('lists models in Anthropic’s form', async () => {
    const { json } = await get(fixture, '/v1/models?limit=1000', { headers: { 'x-provider': 'GAC' } });
    expect(fixture.engine.modelHeaders).toEqual(['x-provider', 'GAC']);
    expect(json).toMatchObject({ has_more: false, first_id: 'claude-a', last_id: 'claude-d' });
    expect(json.data[0]).toEqual({
      type: 'model',
      id: 'claude-a',
      display_name: 'Claude a',
      created_at: '2025-01-01T00:00:00Z',
    });
  });

  it('pages forwards and backwards', async () => {
    expect(await ids('?limit=3')).toEqual(['abc', true]);
    expect(await ids('?limit=3&after_id=claude-c')).toEqual(['d', false]);
    expect(await ids('?limit=2&before_id=claude-d')).toEqual(['bc', true]);
    expect(await ids('?limit=9&before_id=claude-c')).toEqual(['ab', false]);
  });

  it('without models is an empty page, with a bad limit a 400', async () => {
    expect((await get(new Fixture(), '/v1/models')).json).toEqual({
      data: [],
      has_more: false,
      first_id: null,
      last_id: null,
    });
    for (const limit of ['0', '-1', 'x', '1001', '']) {
      expect((await get(fixture, `/v1/models?limit=${limit}`)).status).toBe(400);
    }
  });

  it('is also found below a base URL that ends in /v1', async () => {
    expect((await get(fixture, '/v1/v1/models')).json.data).toHaveLength(4);
  });
});

describe('any other request', () => {
  it('with a wrong method is a 405 with Allow', async () => {
    const cases = [
      ['GET', '/v1/messages', 'POST'],
      ['PUT', '/v1/messages/count_tokens', 'POST'],
      ['DELETE', '/v1/models', 'GET, HEAD'],
      ['POST', '/', 'GET, HEAD'],
      ['OPTIONS', '/v1/messages', 'POST'],
      ['GET', '/providers/GAC/reset', 'POST'],
    ] as const;
    for (const [method, path, allow] of cases) {
      const { status, headers, json } = await get(new Fixture(), path, { method });
      expect([status, headers.get('allow')], `${method} ${path}`).toEqual([405, allow]);
      expect(json).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
    }
  });

  it('for an unknown path is a 404 in the envelope', async () => {
    for (const path of [
      '/v1/complete',
      '/v1',
      '/nothing',
      '/v1/messages/batches',
      '/providers/GAC/explode',
    ]) {
      const { status, json } = await get(new Fixture(), path, { method: 'POST' });
      expect(status).toBe(404);
      expect(json).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
    }
  });

  it('is served with a trailing slash as without', async () => {
    expect((await get(new Fixture(), '/providers/')).status).toBe(200);
  });

  it('that meets an exception is a 500 without a word of its inside', async () => {
    const fixture = new Fixture();
    fixture.engine.status = () => {
      throw new Error(`stack and ${SECRET}`);
    };
    const { status, text } = await get(fixture, '/providers');
    expect(status).toBe(500);
    expect(text).not.toContain('stack');
    expect(fixture.events).toMatchObject([{ type: 'fault', requestId: 'req_1' }]);
  });
});
