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
 * Reads a request's body from the raw connection: no web stream, one copy at most. A declared length is refused or
 * booked before the first byte; without one every piece is booked as it comes. A client that waits for
 * `100 Continue` gets it here, when nothing speaks against its body.
 */
export function readBody(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: BodyOptions,
): Promise<BodyResult> {
  const declared = declaredLength(incoming);
  if (declared !== undefined && declared > options.limit) return Promise.resolve({ kind: 'too_large' });
  if (declared !== undefined && !options.budget.acquire(declared)) {
    return Promise.resolve({ kind: 'no_room' });
  }
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
    let booked = declared ?? 0;

    const settle = (result: BodyResult): void => {
      clearTimeout(idle);
      incoming.off('data', onData);
      incoming.off('end', onEnd);
      incoming.off('close', onClose);
      if (result.kind !== 'read') {
        budget.release(booked);
        incoming.pause();
      }
      resolve(result);
    };
    const onData = (piece: Buffer): void => {
      idle.refresh();
      const total = pieces.length + piece.length;
      if (total > limit) settle({ kind: 'too_large' });
      else if (!book(total)) settle({ kind: 'no_room' });
      else pieces.add(piece);
    };
    const book = (total: number): boolean => {
      if (total <= booked) return true;
      if (!budget.acquire(total - booked)) return false;
      booked = total;
      return true;
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

/** Collects pieces: into one buffer of the declared length, or in a list that is joined once. */
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
    if (this.#whole !== undefined || this.#declared === undefined) return this.#whole;
    if (piece.length >= this.#declared) return undefined;
    this.#whole = Buffer.allocUnsafe(this.#declared);
    return this.#whole;
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
