import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BufferBudget } from '../domain/buffer-budget.ts';

/** How reading a request body ended. Bytes are booked in the budget with `read` only; its owner releases them. */
export type BodyResult =
  | { readonly kind: 'read'; readonly body: Buffer }
  | { readonly kind: 'too_large' }
  /** The budget of all bodies together is spent. */
  | { readonly kind: 'no_room' }
  /** The client fell silent in the middle. */
  | { readonly kind: 'stalled' }
  /** The client left before its body was complete. */
  | { readonly kind: 'left' };

export interface BodyOptions {
  /** Largest body, bytes. */
  readonly limit: number;
  readonly budget: BufferBudget;
  /** Longest silence between two pieces, ms. */
  readonly idleMs: number;
}

/**
 * Reads a request's body from the raw connection: no web stream, one copy of a body up to `AT_ONCE`, two of a larger one.
 * A declared length that has no room is refused before the first byte, but booked is what has come: whoever declares much
 * and sends nothing takes nobody's room. A client that waits for `100 Continue` gets it here, when nothing speaks against
 * its body.
 */
export function readBody(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: BodyOptions,
): Promise<BodyResult> {
  const declared = declaredLength(incoming);
  if (declared !== undefined && declared > options.limit) return Promise.resolve({ kind: 'too_large' });
  if (declared !== undefined && !options.budget.fits(declared)) return Promise.resolve({ kind: 'no_room' });
  if (waitsForContinue(incoming)) outgoing.writeContinue();
  return collect(incoming, declared, options);
}

function collect(
  incoming: IncomingMessage,
  declared: number | undefined,
  { limit, budget, idleMs }: BodyOptions,
): Promise<BodyResult> {
  return new Promise((resolve) => {
    const pieces = new Pieces(declared);
    const settle = (result: BodyResult): void => {
      clearTimeout(idle);
      incoming.off('data', onData);
      incoming.off('end', onEnd);
      incoming.off('close', onClose);
      if (result.kind !== 'read') {
        budget.release(pieces.length);
        incoming.pause();
      }
      resolve(result);
    };
    const onData = (piece: Buffer): void => {
      idle.refresh();
      if (pieces.length + piece.length > limit) settle({ kind: 'too_large' });
      else if (!budget.acquire(piece.length)) settle({ kind: 'no_room' });
      else pieces.add(piece);
    };
    const onEnd = (): void => settle({ kind: 'read', body: pieces.join() });
    const onClose = (): void => settle({ kind: 'left' });

    const idle = setTimeout(() => settle({ kind: 'stalled' }), idleMs);
    if (incoming.destroyed && !incoming.readableEnded) return settle({ kind: 'left' });
    // The error that Node raises when a client leaves says no more than the `close` that follows it.
    incoming.on('error', ignore);
    incoming.on('data', onData);
    incoming.on('end', onEnd);
    incoming.on('close', onClose);
  });
}

function ignore(): void {}

/** So much of a declared length is allocated with its first piece, bytes; what is beyond it as the pieces come. */
const AT_ONCE = 1024 * 1024;

/** Collects pieces: into one buffer where the length is declared, else in a list that is joined once. */
class Pieces {
  readonly #declared: number | undefined;
  #list: Buffer[] = [];
  #whole: Buffer | undefined;
  length = 0;

  constructor(declared: number | undefined) {
    this.#declared = declared;
  }

  add(piece: Buffer): void {
    const whole = this.#target(piece);
    if (whole === undefined) this.#list.push(piece);
    else piece.copy(whole, this.length);
    this.length += piece.length;
  }

  join(): Buffer {
    if (this.#whole !== undefined) return this.#whole.subarray(0, this.length);
    const [first] = this.#list;
    return this.#list.length === 1 && first !== undefined ? first : Buffer.concat(this.#list, this.length);
  }

  /** The buffer to copy into; none if the length is unknown or one piece is the whole body. */
  #target(piece: Buffer): Buffer | undefined {
    const declared = this.#declared;
    const before = this.#whole;
    if (declared === undefined || (before === undefined && piece.length >= declared)) return undefined;
    const needed = this.length + piece.length;
    if (before !== undefined && needed <= before.length) return before;
    const larger = Buffer.allocUnsafe(Math.min(declared, Math.max(AT_ONCE, 2 * needed)));
    before?.copy(larger, 0, 0, this.length);
    this.#whole = larger;
    return larger;
  }
}

/** The length that the client announced, bytes; the parser has let nothing but digits through. */
function declaredLength(incoming: IncomingMessage): number | undefined {
  const value = incoming.headers['content-length'];
  return value === undefined ? undefined : Number(value);
}

/** The client holds its body back until we say `100 Continue` (RFC 9110 §10.1.1). */
function waitsForContinue(incoming: IncomingMessage): boolean {
  return incoming.headers.expect?.toLowerCase() === '100-continue' && incoming.httpVersion !== '1.0';
}
