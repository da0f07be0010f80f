import { describe, expect, test } from 'vitest';
import { formatDiagnostics } from '../../src/config/format.ts';
import { configurationOf, GOOD_PROVIDER, parse, told } from './support.ts';

interface Mistake {
  readonly title: string;
  readonly text: string;
  readonly start: readonly string[];
  /** Where a check says something else. */
  readonly check?: readonly string[];
}

const asError = (lines: readonly string[]) => lines.map((line) => line.replace(': warning: ', ': error: '));

const FATAL: readonly Mistake[] = [
  {
    title: 'a tab for indentation',
    text: 'providers:\n\t- name: a\n',
    start: ['2:1: error: a tab is used for indentation', 'Indent with spaces.'],
  },
  {
    title: 'a pattern without quotes',
    text: `${GOOD_PROVIDER}model_routes:\n  *sonnet*:\n    - provider: good\n`,
    start: ['6:11: error: an unquoted * begins an alias', 'Put the pattern in quotes: "*sonnet*":'],
  },
  {
    title: 'a quote that is left open',
    text: 'providers:\n  - name: "a\n',
    start: [
      '3:1: error: something is missing before this',
      'Is a quote or a bracket still open, or a ":" after a key missing?',
    ],
  },
  {
    title: 'an alias without an anchor',
    text: 'providers: *all\n',
    start: [
      '1:12: error: providers: an alias without an anchor before it',
      'Put a value that begins with * in quotes.',
    ],
  },
  {
    title: 'a list where the file should be a mapping',
    text: '- name: a\n',
    start: ['error: this value does not fit: found a list, expected a mapping'],
  },
  {
    title: 'a value of the wrong type',
    text: `${GOOD_PROVIDER}settings:\n  failure_cooldown: soon\n`,
    start: [
      '6:21: error: settings.failure_cooldown: this value does not fit: found "soon", expected a number of seconds from 0 up to 2147483',
    ],
  },
  {
    title: 'a value outside its limits',
    text: `${GOOD_PROVIDER}settings:\n  port: 90900\n`,
    start: [
      '6:9: error: settings.port: this value does not fit: found 90900, expected a whole number from 0 up to 65535',
    ],
  },
  {
    title: 'a fraction where only whole numbers make sense',
    text: `${GOOD_PROVIDER}settings:\n  unhealthy_threshold: 1.5\n`,
    start: [
      '6:24: error: settings.unhealthy_threshold: this value does not fit: found 1.5, expected a whole number from 1 up to 1000000',
    ],
  },
  {
    title: 'a limit of zero',
    text: `${GOOD_PROVIDER}settings:\n  timeouts:\n    streaming:\n      read_timeout: 0\n`,
    start: [
      '8:21: error: settings.timeouts.streaming.read_timeout: this value does not fit: found 0, expected a number of seconds above 0 up to 2147483',
    ],
  },
  {
    title: 'a misspelt choice',
    text: `${GOOD_PROVIDER}settings:\n  selection_strategy: round_robbin\n`,
    start: [
      '6:23: error: settings.selection_strategy: this value does not fit: found "round_robbin", expected one of "priority", "round_robin", "weighted_round_robin", "random"',
      'Did you mean "round_robin"?',
    ],
  },
  {
    title: 'a single value where a list belongs',
    text: `${GOOD_PROVIDER}settings:\n  unhealthy_http_codes: 429\n`,
    start: [
      '6:25: error: settings.unhealthy_http_codes: this value does not fit: found 429, expected a list of numbers',
    ],
  },
  {
    title: 'a wrong entry within a list',
    text: `${GOOD_PROVIDER}settings:\n  allowed_hosts: [a, { b: 1 }, ~]\n`,
    start: [
      '6:22: error: settings.allowed_hosts[1]: this value does not fit: found a mapping, expected text',
      '6:32: error: settings.allowed_hosts[2]: this value does not fit: found nothing, expected text',
    ],
  },
  {
    title: 'required keys that are missing or empty',
    text: 'providers:\n  - type: anthropic\n    base_url:\n    auth_value: key\n',
    start: [
      '2:5: error: providers[0].name: a required key is missing: found nothing, expected text',
      '3:5: error: providers[0].base_url: a required key is missing: found nothing, expected text',
    ],
  },
  {
    title: 'no providers at all',
    text: 'settings:\n  port: 9090\n',
    start: [
      'error: providers: no providers are configured',
      'Add an entry with `name`, `base_url` and `auth_value` under `providers:`; providers.example.yaml shows how.',
    ],
  },
  {
    title: 'only providers that cannot be used',
    text: 'providers:\n  - name: off\n    base_url: https://a.example\n    enabled: false\n  - name: zed\n    type: zed\n    base_url: https://b.example\n    auth_value: k\n',
    start: [
      '2:3: error: providers: no provider can be used (off: disabled; zed: providers of type zed are not served yet)',
      'Enable one of them and give it a credential.',
      '6:11: warning: providers[1].type: this provider is not used: providers of type zed are not served yet',
    ],
  },
];

const TOLERATED: readonly Mistake[] = [
  {
    title: 'a misspelt key',
    text: `${GOOD_PROVIDER}settings:\n  failure_cooldwon: 5\n`,
    start: [
      '6:3: warning: settings.failure_cooldwon: this key is not known; it is ignored',
      'Did you mean `failure_cooldown`?',
    ],
  },
  {
    title: 'a setting at the top level',
    text: `${GOOD_PROVIDER}port: 80\n`,
    start: ['5:1: warning: port: this key is not known; it is ignored', '`port` belongs under `settings`.'],
  },
  {
    title: 'a section within another',
    text: `${GOOD_PROVIDER}settings:\n  model_routes: {}\n`,
    start: [
      '6:3: warning: settings.model_routes: this key is not known; it is ignored',
      '`model_routes` belongs at the top level, without indentation.',
    ],
  },
  {
    title: 'a key that stands twice',
    text: `${GOOD_PROVIDER}settings:\n  port: 1\n  port: 2\n`,
    start: [
      '7:3: warning: settings.port: this key stands here a second time; the last one counts',
      'Remove the others.',
    ],
  },
  {
    title: 'a boolean of YAML 1.1',
    text: `${GOOD_PROVIDER}settings:\n  log_color: off\n`,
    start: [
      '6:14: warning: settings.log_color: "off" is read as false, as older versions of YAML did',
      'Write false.',
    ],
  },
  {
    title: 'a provider of a type that is not served yet',
    text: `${GOOD_PROVIDER}  - name: later\n    type: zed\n    base_url: https://o.example/v1\n    auth_value: k\n`,
    start: [
      '6:11: warning: providers[1].type: this provider is not used: providers of type zed are not served yet',
    ],
  },
  {
    title: 'an account',
    text: `${GOOD_PROVIDER}  - name: account\n    base_url: https://o.example\n    auth_value: oauth\n`,
    start: [
      '7:17: warning: providers[1].auth_value: this provider is not used: accounts (`oauth`) are not served yet',
    ],
  },
  {
    title: 'a body pattern that every error matches',
    text: `${GOOD_PROVIDER}settings:\n  unhealthy_response_body_patterns:\n    - '"type"\\s*:\\s*"error"'\n`,
    start: [
      '7:7: warning: settings.unhealthy_response_body_patterns[0]: this pattern matches every error of the protocol; it is ignored',
      'Name what is special about the failure you mean.',
    ],
  },
];

const STRICTER_IN_CHECK: readonly Mistake[] = [
  {
    title: 'an empty credential',
    text: `${GOOD_PROVIDER}  - name: empty\n    base_url: https://e.example\n    auth_value: ""\n`,
    start: [
      '7:17: warning: providers[1].auth_value: this provider is not used: it has no credential',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: users write it so.
      'Give `auth_value` a key, "${ENV_VAR}" or "passthrough", or set `enabled: false`.',
    ],
  },
  {
    title: 'an unset variable',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: users write it so.
    text: `${GOOD_PROVIDER}  - name: unset\n    base_url: https://e.example\n    auth_value: ${'${NO_SUCH_KEY}'}\n`,
    start: [
      '7:17: warning: providers[1].auth_value: this provider is not used: the environment variable NO_SUCH_KEY is not set',
      'Set NO_SUCH_KEY before starting, or set `enabled: false`.',
    ],
  },
  {
    title: 'a credential that no header can carry',
    text: `${GOOD_PROVIDER}  - name: torn\n    base_url: https://e.example\n    auth_value: "sk torn"\n`,
    start: [
      '7:17: warning: providers[1].auth_value: this provider is not used: its credential holds characters that no header can carry',
      'Copy it again; blanks or line ends may have come with it.',
    ],
  },
  {
    title: 'an address without its scheme',
    text: `${GOOD_PROVIDER}  - name: bare\n    base_url: api.example.com\n    auth_value: k\n`,
    start: [
      '6:15: warning: providers[1].base_url: this provider is not used: its base_url is not a complete address',
      'It must begin with one of http://, https://',
    ],
  },
  {
    title: 'a proxy of an unknown kind',
    text: `${GOOD_PROVIDER}  - name: far\n    base_url: https://e.example\n    auth_value: k\n    proxy: ftp://user:secret@p.example\n`,
    start: [
      '8:12: warning: providers[1].proxy: this provider is not used: its proxy is not an address that can be used',
      'It must begin with one of http://, https://, socks5://, socks5h://',
    ],
  },
  {
    title: 'a second provider of the same name',
    text: `${GOOD_PROVIDER}  - name: good\n    base_url: https://other.example\n    auth_value: k\n`,
    start: [
      '5:11: warning: providers[1].name: a second provider "good"; only the first is used',
      'Give it another name, or an `account_email` of its own.',
    ],
  },
  {
    title: 'the version at the end of an address',
    text: 'providers:\n  - name: a\n    base_url: https://a.example/api/v1/\n    auth_value: k\n',
    start: [
      '3:15: warning: providers[0].base_url: the balancer adds /v1 itself; "/v1" at the end is cut',
      'Remove "/v1".',
    ],
  },
  {
    title: 'a route to nobody',
    text: `${GOOD_PROVIDER}model_routes:\n  "*opus*":\n    - provider: godo\n`,
    start: [
      '7:17: warning: model_routes["*opus*"][0].provider: there is no provider "godo"; this target is skipped',
      'Did you mean "good"?',
    ],
  },
  {
    title: 'a route to a disabled provider',
    text: `${GOOD_PROVIDER}  - name: off\n    base_url: https://e.example\n    enabled: false\nmodel_routes:\n  "*":\n    - provider: off\n`,
    start: [
      '10:17: warning: model_routes["*"][0].provider: the provider "off" is disabled; this target is skipped',
      'Enable the provider, or give this target `enabled: false`.',
    ],
  },
  {
    title: 'headers that cannot be sent',
    text: `${GOOD_PROVIDER}    headers:\n      "x y": a\n      Host: b\n      x-line: "a\\nb"\n`,
    start: [
      '6:14: warning: providers[0].headers["x y"]: this header is not sent: its name holds characters that no header can have',
      '7:13: warning: providers[0].headers.Host: this header is not sent: the balancer writes it itself',
      '8:15: warning: providers[0].headers.x-line: this header is not sent: its value holds characters that no header can carry',
    ],
  },
  {
    title: 'a door that nobody can open',
    text: `${GOOD_PROVIDER}settings:\n  auth:\n    enabled: true\n`,
    start: [
      '7:5: warning: settings.auth: a key is demanded, but none is set: every request will be refused',
      'Set `api_key`, or `enabled: false`.',
    ],
  },
  {
    title: 'a second document',
    text: `${GOOD_PROVIDER}---\nsettings: {}\n`,
    start: [
      '6:1: warning: a second document begins here; only the first is read',
      'Remove the line "---" between them, or the second document.',
    ],
  },
];

const ONLY_IN_CHECK: readonly Mistake[] = [
  {
    title: 'a short limit for whole answers',
    text: `${GOOD_PROVIDER}settings:\n  timeouts:\n    non_streaming:\n      read_timeout: 120\n`,
    start: [],
    check: [
      '8:21: warning: settings.timeouts.non_streaming.read_timeout: answers without streaming may take longer and break: found 120 s, expected 300 s or more',
    ],
  },
  {
    title: 'a list of codes that adds something',
    text: `${GOOD_PROVIDER}settings:\n  unhealthy_http_codes: [404, 418, 500]\n`,
    start: [],
    check: [
      '6:25: note: settings.unhealthy_http_codes: counted against the provider: 418; the balancer’s own rule stays for 404, 500',
    ],
  },
  {
    title: 'a list of codes that adds nothing',
    text: `${GOOD_PROVIDER}settings:\n  unhealthy_http_codes: [429]\n`,
    start: [],
    check: [
      '6:25: note: settings.unhealthy_http_codes: this list changes nothing; the balancer’s own rule stays for 429',
    ],
  },
  {
    title: 'a pattern that older versions did not anchor',
    text: `${GOOD_PROVIDER}model_routes:\n  claude-*:\n    - provider: good\n`,
    start: [],
    check: [
      '7:5: note: model_routes["claude-*"]: matches only a name that begins so; older versions found it anywhere in the name',
    ],
  },
  {
    title: 'a body pattern that is no regular expression',
    text: `${GOOD_PROVIDER}settings:\n  unhealthy_response_body_patterns: ["no (credit"]\n`,
    start: [],
    check: [
      '6:38: note: settings.unhealthy_response_body_patterns[0]: no regular expression; looked for as plain text',
    ],
  },
];

describe('stops a start and fails a check', () => {
  test.each(FATAL)('$title', ({ text, start }) => {
    expect(told(text)).toEqual(start);
    expect(told(text, 'check')).toEqual(start);
    expect(parse(text).ok).toBe(false);
  });
});

describe('is only a warning', () => {
  test.each(TOLERATED)('$title', ({ text, start }) => {
    expect(told(text)).toEqual(start);
    expect(told(text, 'check')).toEqual(start);
    expect(parse(text).ok).toBe(true);
  });
});

describe('is a warning at a start and an error in a check', () => {
  test.each(STRICTER_IN_CHECK)('$title', ({ text, start }) => {
    expect(told(text)).toEqual(start);
    expect(told(text, 'check')).toEqual(asError(start));
    expect(parse(text).ok).toBe(true);
  });
});

describe('is told by a check only', () => {
  test.each(ONLY_IN_CHECK)('$title', ({ text, start, check }) => {
    expect(told(text)).toEqual(start);
    expect(told(text, 'check')).toEqual(check);
    expect(parse(text).ok).toBe(true);
  });
});

test('every mistake is told at once, in the order of the file', () => {
  const text = `${GOOD_PROVIDER}    wieght: 2\n    enabled: maybe\nmodel_routes:\n  "*":\n    - provider: nobody\nsettings:\n  port: many\n  log_level: LOUD\n`;
  expect(told(text).filter((line) => /^\d/.test(line))).toEqual([
    '5:5: warning: providers[0].wieght: this key is not known; it is ignored',
    '6:14: error: providers[0].enabled: this value does not fit: found "maybe", expected true or false',
    '9:17: warning: model_routes["*"][0].provider: there is no provider "nobody"; this target is skipped',
    '11:9: error: settings.port: this value does not fit: found "many", expected a whole number from 0 up to 65535',
    '12:14: error: settings.log_level: this value does not fit: found "LOUD", expected one of "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"',
  ]);
});

test('a provider that was left out as unfit is not missed a second time by its routes', () => {
  const text = 'providers:\n  - name: a\n    auth_value: key\nmodel_routes:\n  "*":\n    - provider: a\n';
  expect(told(text)).toEqual([
    '2:5: error: providers[0].base_url: a required key is missing: found nothing, expected text',
  ]);
});

test('the gaps of a disabled provider are nobody’s mistake', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: users write it so.
  const text = `${GOOD_PROVIDER}  - name: off\n    base_url: ${'${NO_SUCH_URL}'}\n    auth_value: ""\n    type: zed\n    enabled: false\n`;
  expect(told(text, 'check')).toEqual([]);
});

test('no secret is ever shown', () => {
  const secret = 'sk-ant-secret';
  const text = [
    'providers:',
    `  - name: a`,
    `    base_url: "https://user:${secret}@a.example"`,
    `    auth_value: [${secret}]`,
    `    proxy: "gopher://${secret}"`,
    `    headers: { x-key: { a: ${secret} } }`,
    'settings:',
    `  auth: { enabled: true, api_key: { a: ${secret} } }`,
    `  allowed_hosts: ${secret}`,
    `auth: ${secret}`,
    `model_routes: ${secret}`,
  ].join('\n');
  const result = parse(text);
  expect(result.ok).toBe(false);
  expect(JSON.stringify(result.diagnostics)).not.toContain(secret);
});

test('a syntax error quotes nothing of the file', () => {
  const result = parse('providers:\n  - auth_value: "sk-secret" sk-secret\n    x: [sk-secret\n');
  expect(result.ok).toBe(false);
  expect(JSON.stringify(result.diagnostics)).not.toContain('sk-secret');
});

test('the file’s name goes first, and colours are on request only', () => {
  const { diagnostics } = parse('providers: 1\n', { file: '/etc/providers.yaml' });
  const line = 'providers: this value does not fit: found 1, expected a list of mappings';
  expect(formatDiagnostics(diagnostics)).toBe(`/etc/providers.yaml:1:12: error: ${line}`);
  expect(formatDiagnostics(diagnostics, { color: true })).toBe(
    `/etc/providers.yaml:1:12: \u001b[31merror\u001b[39m: ${line}`,
  );
});

describe('what is accepted all the same:', () => {
  test('a streaming mode that does not exist is warned of, and is `auto`', () => {
    const text = `${GOOD_PROVIDER}    streaming_mode: fast\n`;
    expect(configurationOf(text).providers[0]?.streamingMode).toBe('auto');
    expect(told(text, 'check')).toEqual([
      '5:21: warning: providers[0].streaming_mode: this value does not fit, the default counts: found "fast", expected one of "auto", "direct", "background"',
    ]);
  });

  test('keys of features that are not served yet are told of once each, in a check only', () => {
    const text = `${GOOD_PROVIDER}    zed_config: { threads: 2 }\nsettings:\n  oauth: { enabled: true, other: [1] }\n`;
    expect(told(text)).toEqual([]);
    expect(told(text, 'check')).toEqual([
      '5:17: warning: providers[0].zed_config: accepted, but not served yet; it has no effect',
      '7:10: warning: settings.oauth: accepted, but not served yet; it has no effect',
    ]);
  });

  test('a delay that is simulated is warned of at each start', () => {
    const text = `${GOOD_PROVIDER}settings:\n  testing: { simulate_delay: true }\n`;
    expect(configurationOf(text).settings.testing).toEqual({ delayMs: 10_000, triggerKeywords: [] });
    expect(told(text)).toEqual([
      '6:30: warning: settings.testing.simulate_delay: a test is switched on: EVERY REQUEST waits 10 s before it goes to a provider',
      'Set `simulate_delay: false` for everything but trials.',
    ]);
  });
});
