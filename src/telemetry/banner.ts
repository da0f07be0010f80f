import type { LogLevel } from '../domain/settings/settings.ts';
import { oneLine } from './format.ts';
import { fitWidth, textWidth } from './width.ts';

interface BannerProvider {
  readonly name: string;
  readonly type: string;
  /** Without user part. */
  readonly baseUrl: string;
  readonly healthy: boolean;
  /** Why it can't serve, if it can't. */
  readonly note?: string;
}

export interface BannerFacts {
  /** Ours, without `v`. */
  readonly version: string;
  readonly providers: readonly BannerProvider[];
  readonly logLevel: LogLevel;
  readonly url: string;
  /** Clients need a key of `settings.auth`. */
  readonly authEnabled: boolean;
}

export interface BannerOptions {
  readonly color: boolean;
  /** The terminal's width; undefined, or 0 as some terminals say: as wide as needed. */
  readonly columns?: number;
}

const TITLE = ' Claude Code Provider Balancer Configuration ';
const INDENT = '    ';
/** Columns between the two bars in the old panel, and with it the smallest of ours that looks like one. */
const WIDTH = 73;
const NARROWEST = textWidth(TITLE) + 2;

/** The panel at start, and below it the line that points Claude Code at us, ready to be copied. */
export function banner(facts: BannerFacts, options: BannerOptions): string {
  const rows = panelRows(facts).map((row) => INDENT + oneLine(row));
  const widest = Math.max(WIDTH, ...rows.map((row) => textWidth(row) + 1));
  const room = options.columns ? Math.max(NARROWEST, options.columns - 2) : widest;
  const width = Math.min(widest, room);
  const bars = width - textWidth(TITLE);
  const left = Math.floor(bars / 2);
  const panel = [
    `╭${'─'.repeat(left)}${paint(TITLE, 1, options.color)}${'─'.repeat(bars - left)}╮`,
    ...rows.map((row) => `│${mark(fitWidth(row, width), options.color)}│`),
    `╰${'─'.repeat(width)}╯`,
  ];
  return `${[...panel, ...exports(facts)].join('\n')}\n`;
}

function panelRows(facts: BannerFacts): string[] {
  const healthy = facts.providers.filter((provider) => provider.healthy).length;
  return [
    `Version       : v${facts.version}`,
    `Providers     : ${healthy}/${facts.providers.length} healthy`,
    ...facts.providers.map(providerRow),
    `Log Level     : ${facts.logLevel.toUpperCase()}`,
    `Listening on  : ${facts.url}`,
  ];
}

function providerRow(provider: BannerProvider): string {
  const note = provider.note === undefined ? '' : ` – ${provider.note}`;
  return `[${provider.healthy ? '✓' : '✗'}] ${provider.name} (${provider.type}): ${provider.baseUrl}${note}`;
}

/** The key itself is never printed: a terminal's history lives long. */
function exports(facts: BannerFacts): string[] {
  const lines = [`export ANTHROPIC_BASE_URL=${facts.url}`];
  if (facts.authEnabled) lines.push("export ANTHROPIC_AUTH_TOKEN='a key of settings.auth'");
  return lines;
}

function mark(row: string, color: boolean): string {
  return row.replace(/^ {4}\[([✓✗])\]/, (_, sign: string) => {
    return `${INDENT}[${paint(sign, sign === '✓' ? 32 : 31, color)}]`;
  });
}

function paint(text: string, code: number, color: boolean): string {
  return color ? `\u001b[${code}m${text}\u001b[0m` : text;
}
