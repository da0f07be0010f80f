import { describe, expect, it } from 'vitest';
import { type BannerFacts, banner } from '../../src/telemetry/banner.ts';
import { fitWidth, textWidth } from '../../src/telemetry/width.ts';

const FACTS: BannerFacts = {
  version: '1.0.0',
  providers: [
    { name: 'GAC', type: 'anthropic', baseUrl: 'https://gaccode.com/claudecode', healthy: true },
    { name: '云雾', type: 'anthropic', baseUrl: 'https://yunwu.ai', healthy: true },
    {
      name: 'OpenRouter',
      type: 'openai',
      baseUrl: 'https://openrouter.ai/api/v1',
      healthy: false,
      note: 'no credential',
    },
  ],
  logLevel: 'info',
  url: 'http://127.0.0.1:9090',
  authEnabled: false,
};

describe('banner', () => {
  it('shows version, providers, log level and address, and the line for the shell', () => {
    expect(banner(FACTS, { color: false })).toMatchInlineSnapshot(`
      "╭────────────── Claude Code Provider Balancer Configuration ───────────────╮
      │    Version       : v1.0.0                                                │
      │    Providers     : 2/3 healthy                                           │
      │    [✓] GAC (anthropic): https://gaccode.com/claudecode                   │
      │    [✓] 云雾 (anthropic): https://yunwu.ai                                │
      │    [✗] OpenRouter (openai): https://openrouter.ai/api/v1 – no credential │
      │    Log Level     : INFO                                                  │
      │    Listening on  : http://127.0.0.1:9090                                 │
      ╰──────────────────────────────────────────────────────────────────────────╯
      export ANTHROPIC_BASE_URL=http://127.0.0.1:9090
      "
    `);
  });

  it('has rows of equal width, whatever the alphabet', () => {
    const rows = banner(FACTS, { color: false }).split('\n').slice(0, -2);
    expect(new Set(rows.map(textWidth)).size).toBe(1);
  });

  it('grows with a long address, and is cut to a narrow terminal', () => {
    const long = { ...FACTS, url: `http://${'x'.repeat(90)}` };
    const wide = banner(long, { color: false });
    expect(wide.split('\n')[0]?.length).toBeGreaterThan(100);
    const narrow = banner(long, { color: false, columns: 60 }).split('\n').slice(0, -2);
    expect(narrow.map(textWidth)).toEqual(narrow.map(() => 60));
    expect(narrow.join('\n')).toContain('…');
  });

  it('is not cut to a terminal that does not know its width', () => {
    expect(banner(FACTS, { color: false, columns: 0 })).toBe(banner(FACTS, { color: false }));
  });

  it('paints marks and title only when asked to', () => {
    expect(banner(FACTS, { color: false })).not.toContain('\u001b');
    const painted = banner(FACTS, { color: true });
    expect(painted).toContain('[\u001b[32m✓\u001b[0m] GAC');
    expect(painted).toContain('[\u001b[31m✗\u001b[0m] OpenRouter');
  });

  it('says that a key is needed, and never which', () => {
    expect(banner({ ...FACTS, authEnabled: true }, { color: false })).toContain(
      "export ANTHROPIC_AUTH_TOKEN='a key of settings.auth'",
    );
  });

  it('lets no name break out of its row', () => {
    const provider = { name: 'a\nb\u001b[2J', type: 'anthropic', baseUrl: 'http://x', healthy: true };
    const text = banner({ ...FACTS, providers: [provider] }, { color: false });
    expect(text).toContain('[✓] a b [2J (anthropic): http://x');
  });
});

describe('width', () => {
  it('counts two columns for Chinese, Japanese, Korean and emoji, none for marks', () => {
    expect(['abc', '云雾', '日本', '한글', '🚀', 'e\u0301', '✓'].map(textWidth)).toEqual([
      3, 4, 4, 4, 2, 1, 1,
    ]);
  });

  it('fits a text to columns exactly, also where a wide character does not', () => {
    expect(['ab', 'abcde', '云雾云', 'a云雾'].map((text) => fitWidth(text, 4))).toEqual([
      'ab  ',
      'abc…',
      '云… ',
      'a云…',
    ]);
  });
});
