import { WARNS } from './diagnostic.ts';
import { join } from './key-path.ts';
import type { Report } from './report.ts';

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers that belong to the connection or to the body, which the balancer writes itself. */
const OWN: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A provider's `headers` with lower-case names; what cannot be sent is left out. */
export function readHeaders(
  entry: Readonly<Record<string, string>>,
  slot: string,
  report: Report,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [written, value] of Object.entries(entry)) {
    const name = written.toLowerCase();
    const fault = headerFault(name, value);
    if (fault === undefined) headers[name] = value;
    else
      report(join(slot, written), {
        code: 'bad-header',
        ...WARNS,
        message: `this header is not sent: ${fault}`,
      });
  }
  return headers;
}

function headerFault(name: string, value: string): string | undefined {
  if (!NAME.test(name)) return 'its name holds characters that no header can have';
  if (!VALUE.test(value)) return 'its value holds characters that no header can carry';
  return OWN.has(name) ? 'the balancer writes it itself' : undefined;
}
