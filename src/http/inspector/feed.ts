import type { ServerResponse } from 'node:http';
import type { InspectorPort } from './port.ts';

/** Events that come within so long go out together, ms. */
const COALESCE_MS = 100;
/** A silent feed says that it lives, ms. */
const BEAT_MS = 15_000;
/** A reader that is further behind is let go: it comes back and is told what it missed. Bytes. */
const MAX_BEHIND = 4 * 1024 * 1024;
/** At most so many events a write. */
const BATCH = 500;

export interface FeedOptions {
  readonly redact: (text: string) => string;
  /** What the reader has seen (`Last-Event-ID`); undefined: nothing, and it wants what comes from now on. */
  readonly lastEventId: string | undefined;
}

/**
 * The feed as server-sent events. Each batch is an event of its own, whose id is that of its last entry, so that a reader
 * that comes back with `Last-Event-ID` misses nothing; where the ring has forgotten some of it, `gap` says so, and after a
 * restart `restarted`.
 */
export function sendFeed(inspector: InspectorPort, outgoing: ServerResponse, options: FeedOptions): void {
  outgoing.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  const write = (name: string, seq: number, data: unknown): void => {
    outgoing.write(
      `event: ${name}\nid: ${inspector.run}-${seq}\ndata: ${options.redact(JSON.stringify(data))}\n\n`,
    );
  };
  let seen = beginning(inspector, options.lastEventId, write);
  let pending: NodeJS.Timeout | undefined;
  const flush = (): void => {
    pending = undefined;
    if (outgoing.writableLength > MAX_BEHIND) {
      outgoing.destroy();
      return;
    }
    const { firstSeq } = inspector;
    if (seen + 1 < firstSeq) {
      write('gap', firstSeq - 1, { from: seen + 1, to: firstSeq - 1 });
      seen = firstSeq - 1;
    }
    const events = inspector.after(seen, BATCH);
    const last = events.at(-1);
    if (last === undefined) return;
    seen = last.seq;
    write('events', seen, events);
    if (seen < inspector.lastSeq) pending = setTimeout(flush, 0);
  };
  const beat = setInterval(() => outgoing.write(': still here\n\n'), BEAT_MS);
  const leave = inspector.subscribe(() => {
    pending ??= setTimeout(flush, COALESCE_MS);
  });
  const end = (): void => {
    leave();
    stay();
    clearInterval(beat);
    clearTimeout(pending);
  };
  const stay = inspector.onClosing(() => {
    // The last that there is to tell: that the balancer stopped.
    flush();
    end();
    outgoing.end();
  });
  outgoing.once('close', end);
  flush();
}

/** Where the feed begins; says so first where that is not where the reader thinks. */
function beginning(
  inspector: InspectorPort,
  lastEventId: string | undefined,
  write: (name: string, seq: number, data: unknown) => void,
): number {
  const { run, lastSeq } = inspector;
  const match = /^(.+)-(\d+)$/.exec(lastEventId ?? '');
  const seq = Number(match?.[2]);
  const known = match?.[1] === run && seq <= lastSeq;
  const from = known ? seq : lastSeq;
  if (lastEventId !== undefined && !known) write('restarted', from, { run });
  else write('hello', from, { run });
  return from;
}
