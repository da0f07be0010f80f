import { isRecord } from '../../domain/is-record.ts';

/** What one entry of `tool_calls` says; empty texts and nulls say nothing. */
export interface CallFragment {
  readonly index?: number;
  readonly id?: string;
  readonly name?: string;
  readonly arguments: string;
  /** Attached to the call by the provider, which wants it back. */
  readonly extra?: unknown;
}

export function readFragment(entry: unknown): CallFragment | undefined {
  if (!isRecord(entry)) return undefined;
  const { index, id } = entry;
  const inner = isRecord(entry.function) ? entry.function : {};
  const { name } = inner;
  return {
    ...(typeof index === 'number' ? { index } : {}),
    ...(id === undefined || id === null || id === '' ? {} : { id: String(id) }),
    ...(typeof name === 'string' && name !== '' ? { name } : {}),
    arguments: textOf(inner.arguments),
    ...(isRecord(entry.extra_content) ? { extra: entry.extra_content } : {}),
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
