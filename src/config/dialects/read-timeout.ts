import { Scalar, type YAMLMap } from 'yaml';
import { HARMLESS } from '../diagnostic.ts';
import type { Found, TreeEdits } from './edits.ts';
import { isNothing, numberIn } from './tree.ts';

/** Between two bytes of a stream less than this breaks long turns. */
const LEAST_STREAM_SECONDS = 60;

/** One old limit in seconds as the read timeouts of both kinds of requests, for streams at least a minute. */
export function readTimeoutFrom(edits: TreeEdits, settings: YAMLMap, from: Found): void {
  const timeouts = edits.ensure(settings, 'timeouts', from);
  const seconds = numberIn(from.pair.value);
  const isShort = seconds !== undefined && seconds > 0 && seconds < LEAST_STREAM_SECONDS;
  for (const kind of ['streaming', 'non_streaming']) {
    const limits = timeouts === undefined ? undefined : edits.ensure(timeouts, kind, from);
    if (limits === undefined || !isNothing(edits.value(limits, 'read_timeout'))) continue;
    const raised = kind === 'streaming' && isShort;
    const value = raised
      ? new Scalar(LEAST_STREAM_SECONDS)
      : edits.copier.copy(from.pair.value, { comments: true });
    edits[kind === 'streaming' ? 'move' : 'set'](limits, 'read_timeout', value, from);
  }
  if (!isShort) return;
  edits.tell(from.path, from.pair.value, {
    code: 'short-timeout',
    ...HARMLESS,
    message: `too short for streams, whose long turns would break; ${LEAST_STREAM_SECONDS} s count for them`,
    found: `${seconds} s`,
  });
}
