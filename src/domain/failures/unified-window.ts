import { headerPairs } from '../header-list.ts';
import type { StatedWindow } from './outcome.ts';
import { futureInstant, plainNumber, unixInstant } from './time-hint.ts';

/**
 * The `anthropic-ratelimit-unified-*` headers of subscription accounts (docs/oauth.md, part C; measured, not documented
 * by Anthropic). They come with every answer; only `status: rejected` says that a window is used up.
 */
const PREFIX = 'anthropic-ratelimit-unified-';
const WINDOW_STATUS = /^(.+)-status$/;
/** Windows of the whole account; all others speak about one model, or about paying beyond the plan. */
const ACCOUNT_WINDOWS: ReadonlySet<string> = new Set(['5h', '7d']);
const ACCOUNT_CLAIMS: ReadonlySet<string> = new Set(['five_hour', 'seven_day']);
const OVERAGE = 'overage';
/** Where an account is rejected without any readable reset. */
const UNSTATED_REST_MS = 60_000;

export interface UnifiedVerdict {
  readonly scope: StatedWindow['scope'];
  /** Wall clock ms: the latest reset among the rejected windows, else the top one's, else 60 s from now. */
  readonly until: number;
  readonly source: string;
}

/** What the headers say, if they say that the request was rejected. */
export function unifiedVerdict(headers: readonly string[], now: number): UnifiedVerdict | undefined {
  const fields = unifiedFields(headers);
  if (!isRejected(fields.get('status'))) return undefined;
  const rejected = rejectedWindows(fields);
  const scope = isAccountWide(fields, rejected) ? 'provider' : 'pair';
  return { scope, ...rest(fields, rejected, now) };
}

function unifiedFields(headers: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of headerPairs(headers))
    if (name.startsWith(PREFIX)) fields.set(name.slice(PREFIX.length), value);
  return fields;
}

/** One report shows `rate_limited` in the place of `rejected`. */
function isRejected(status: string | undefined): boolean {
  const lower = status?.toLowerCase();
  return lower === 'rejected' || lower === 'rate_limited';
}

/** Whether credits may pay beyond the plan matters only while the plan's own windows are open: their reset is what ends the wait. */
function rejectedWindows(fields: ReadonlyMap<string, string>): string[] {
  const windows: string[] = [];
  for (const [field, value] of fields) {
    const window = WINDOW_STATUS.exec(field)?.[1];
    if (window !== undefined && isRejected(value)) windows.push(window);
  }
  const own = windows.filter((window) => window !== OVERAGE);
  return own.length > 0 ? own : windows;
}

/** Without any window of its own the representative claim tells which one decided. */
function isAccountWide(fields: ReadonlyMap<string, string>, rejected: readonly string[]): boolean {
  if (rejected.some((window) => ACCOUNT_WINDOWS.has(window))) return true;
  const says = [...ACCOUNT_WINDOWS].some((window) => fields.has(`${window}-status`));
  return !says && ACCOUNT_CLAIMS.has(fields.get('representative-claim')?.toLowerCase() ?? '');
}

function rest(
  fields: ReadonlyMap<string, string>,
  rejected: readonly string[],
  now: number,
): Omit<UnifiedVerdict, 'scope'> {
  const resets = rejected
    .map((window) => ({ field: `${window}-reset`, until: resetOf(fields, `${window}-reset`, now) }))
    .filter((reset) => reset.until !== undefined)
    .sort((one, other) => (other.until ?? 0) - (one.until ?? 0));
  const [latest] = resets;
  if (latest?.until !== undefined) return { until: latest.until, source: `${PREFIX}${latest.field}` };
  const top = resetOf(fields, 'reset', now);
  if (top !== undefined) return { until: top, source: `${PREFIX}reset` };
  return { until: now + UNSTATED_REST_MS, source: `${PREFIX}status` };
}

function resetOf(fields: ReadonlyMap<string, string>, field: string, now: number): number | undefined {
  const value = plainNumber(fields.get(field) ?? '');
  return value === undefined ? undefined : futureInstant(unixInstant(value), now);
}
