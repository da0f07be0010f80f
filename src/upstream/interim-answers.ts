/** Longest start of an answer that is kept back to see what it is, bytes. */
const MAX_HELD = 64 * 1024;
const START = /^HTTP\/1\.[01] 100[ \r]/;
const SAMPLE = 'HTTP/1.1 100 ';

/**
 * Takes `100 Continue` out of what a provider sends ahead of its answer. Nobody asked for it (`expect` never passes), yet
 * it may come, and whoever speaks HTTP must bear it (RFC 9110 §15.2); undici takes it for a broken answer.
 */
export class InterimAnswers {
  #ahead = false;
  #held: Buffer | undefined;

  /** A request goes out: its answer begins with the next byte. */
  expect(): void {
    this.#ahead = true;
    this.#held = undefined;
  }

  /** The bytes without a `100 Continue` at the answer's start; undefined: nothing of them is known to be the answer's yet. */
  pass(bytes: Buffer): Buffer | undefined {
    if (!this.#ahead) return bytes;
    let rest = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = undefined;
    while (rest.length > 0) {
      const start = rest.toString('latin1', 0, SAMPLE.length);
      const end = START.test(start) ? rest.indexOf('\r\n\r\n') : -1;
      if (end !== -1) rest = rest.subarray(end + 4);
      else if (mayBecomeInterim(start) && rest.length <= MAX_HELD) {
        this.#held = rest;
        return undefined;
      } else {
        this.#ahead = false;
        return rest;
      }
    }
    return undefined;
  }
}

/** Whether the start is, or may turn out to be, one of those that are taken out. */
function mayBecomeInterim(start: string): boolean {
  if (start.length === SAMPLE.length) return START.test(start);
  return SAMPLE.startsWith(start) || SAMPLE.replace('1.1', '1.0').startsWith(start);
}
