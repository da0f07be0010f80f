import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../domain/settings/settings.ts';
import type { InspectorFile, InspectorPort } from '../http/inspector/port.ts';
import { createSessions } from '../http/inspector/sessions.ts';
import type { BalancerEvent } from '../telemetry/events.ts';
import { createInspection } from '../telemetry/inspection.ts';
import type { InspectionSink } from '../telemetry/inspection-sink.ts';
import { statelyMessage, type XStateEvent } from '../telemetry/stately.ts';

export interface InspectorOptions {
  readonly settings: () => Settings;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Strikes configured secrets out of a text. */
  readonly redact: (text: string) => string;
  /** Tells what XState tells, once the engine is there. */
  readonly follow: (follower: (event: XStateEvent) => void) => () => void;
}

/** The inspector of one balancer: what the engine tells it, and what its routes ask. */
export interface Inspector extends InspectorPort {
  readonly sink: InspectionSink;
  readonly observe: (event: BalancerEvent) => void;
  /** Ends its feeds. */
  close(): void;
}

/** Where `npm run build` puts the page: beside the compiled program, and there for the sources too. */
const HERE = fileURLToPath(new URL('.', import.meta.url));
const PAGE = /[\\/]dist[\\/]src[\\/]cli[\\/]$/.test(HERE)
  ? join(HERE, '..', '..', 'inspector')
  : join(HERE, '..', '..', 'dist', 'inspector');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Undefined where `settings.inspector.enabled` is off: then nothing is kept at all. */
export function openInspector({ settings, now, redact, follow }: InspectorOptions): Inspector | undefined {
  const { enabled, maxEvents, maxRequests, maxBytes } = settings().inspector;
  if (!enabled) return undefined;
  const inspection = createInspection({
    maxEvents,
    maxRequests,
    maxBytes,
    capturesBodies: () => settings().inspector.captureBodies,
    now,
    redact,
  });
  const readers = new Set<() => void>();
  let isClosed = false;
  return Object.assign(Object.create(inspection), {
    run: randomUUID().slice(0, 8),
    sessions: createSessions(now),
    onClosing(listener: () => void) {
      // Who comes too late is ended too, as soon as it has its place.
      if (isClosed) queueMicrotask(listener);
      else readers.add(listener);
      return () => readers.delete(listener);
    },
    close() {
      isClosed = true;
      for (const end of [...readers]) end();
    },
    file: pageFile,
    follow: (listener: (message: string) => void) =>
      follow((event) => {
        const message = statelyMessage(event, now());
        if (message !== undefined) listener(message);
      }),
  }) as Inspector;
}

/** A file of the page by its name, which never leads out of its folder. */
async function pageFile(name: string): Promise<InspectorFile | undefined> {
  const type = TYPES[extname(name)];
  if (type === undefined || !/^(?:assets\/)?[\w-][\w.-]*$/.test(name)) return undefined;
  try {
    const file = await readFile(join(PAGE, name));
    return { bytes: new Uint8Array(file), type };
  } catch {
    return undefined;
  }
}
