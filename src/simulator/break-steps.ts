import { type Asked, answerSteps } from './answers.ts';
import type { BreakFault, Step } from './behaviour.ts';

const HALF_HEAD = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/event-st');
const DRIP_MS = 1000;
const HUGE_HEADER_BYTES = 70 * 1024;

/** The steps of a fault below HTTP. `reused`: the connection has already served a request. */
export async function breakSteps(fault: BreakFault, asked: Asked, reused: boolean): Promise<readonly Step[]> {
  switch (fault) {
    case 'reset_before_headers':
      return [{ do: 'reset' }];
    case 'fin_before_headers':
      return [{ do: 'fin' }];
    case 'reset_inside_headers':
      return [{ do: 'write', bytes: HALF_HEAD, flush: true }, { do: 'reset' }];
    case 'fin_inside_headers':
      return [{ do: 'write', bytes: HALF_HEAD }, { do: 'fin' }];
    case 'silence':
      return [{ do: 'stall' }];
    case 'dripping_headers':
      return [
        { do: 'write', bytes: Buffer.from('HTTP/1.1 200 OK\r\n') },
        { do: 'repeat', bytes: Buffer.from('x-drip: drop\r\n'), everyMs: DRIP_MS },
      ];
    case 'garbage':
      return [{ do: 'write', bytes: Buffer.from('\u0000\u0001SSH-2.0-no-http-here\r\n') }, { do: 'fin' }];
    case 'huge_headers':
      return answerSteps({ kind: 'message', headers: hugeHeaders() }, asked);
    case 'reset_if_reused':
      return reused ? [{ do: 'reset' }] : answerSteps({ kind: 'message' }, asked);
  }
}

function hugeHeaders(): Readonly<Record<string, string>> {
  const value = 'x'.repeat(1000);
  const count = Math.ceil(HUGE_HEADER_BYTES / value.length);
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-padding-${at}`, value]));
}
