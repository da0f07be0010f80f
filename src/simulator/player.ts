import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../domain/time.ts';
import type { Step } from './behaviour.ts';

/** How a play ended: the connection may serve the next request, or is gone (or will never speak again). */
export type PlayEnd = 'kept' | 'kept_until_reuse' | 'gone';

export interface Stage {
  readonly socket: Socket;
  readonly clock: Clock;
  /** Fires when the connection is closed, by whomever. */
  readonly closed: AbortSignal;
  /** Waits for the test's `release()`. Never rejects; a closed connection is noticed apart from it. */
  hold(): Promise<void>;
  wrote(bytes: number): void;
}

/** Plays the steps to a connection. Ends early, without error, when the connection closes. */
export async function play(steps: readonly Step[], stage: Stage): Promise<PlayEnd> {
  for (const step of steps) {
    if (stage.closed.aborted) return 'gone';
    switch (step.do) {
      case 'write':
        await write(stage, step.bytes, step.flush === true);
        break;
      case 'wait':
        await untilClosed(stage, (done) => timer(stage.clock, step.ms, done));
        break;
      case 'hold':
        await untilClosed(stage, (done) => {
          stage.hold().then(done);
          return nothing;
        });
        break;
      case 'repeat':
        await repeat(stage, step.bytes, step.everyMs);
        return 'gone';
      case 'fin':
        stage.socket.end();
        return 'gone';
      case 'close':
        stage.socket.destroySoon();
        return 'gone';
      case 'reset':
        await reset(stage.socket);
        return 'gone';
      case 'stall':
        await untilClosed(stage, () => nothing);
        return 'gone';
      case 'reset_on_reuse':
        return 'kept_until_reuse';
    }
  }
  return stage.closed.aborted ? 'gone' : 'kept';
}

/**
 * Closes with RST, after what was written before has left; over TLS as hard as Node can. A receiver on libuv that finds
 * bytes and RST in one poll reports a tidy end instead, so that the bytes get two turns of the event loop: enough for
 * one in the same process.
 */
export async function reset(socket: Socket): Promise<void> {
  if (socket.bytesWritten > 0) {
    await new Promise<void>((resolve) => socket.write('', () => resolve()));
    await turn();
    await turn();
  }
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function write(stage: Stage, bytes: Buffer, flush: boolean): Promise<void> {
  stage.wrote(bytes.length);
  if (flush) {
    await untilClosed(stage, (done) => {
      stage.socket.write(bytes, () => setImmediate(done));
      return nothing;
    });
    return;
  }
  if (stage.socket.write(bytes)) return;
  await untilClosed(stage, (done) => {
    stage.socket.once('drain', done);
    return () => stage.socket.off('drain', done);
  });
}

async function repeat(stage: Stage, bytes: Buffer, everyMs: number): Promise<void> {
  while (!stage.closed.aborted) {
    await write(stage, bytes, false);
    await untilClosed(stage, (done) => timer(stage.clock, everyMs, done));
  }
}

function timer(clock: Clock, ms: number, done: () => void): () => void {
  const handle = clock.setTimeout(done, ms);
  return () => clock.clearTimeout(handle);
}

/** Waits for what `start` begins, or for the end of the connection; then runs the clean-up that `start` gave back. */
function untilClosed(stage: Stage, start: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    let cleanUp = (): void => undefined;
    const finish = () => {
      stage.closed.removeEventListener('abort', finish);
      cleanUp();
      resolve();
    };
    stage.closed.addEventListener('abort', finish);
    cleanUp = start(finish);
    if (stage.closed.aborted) finish();
  });
}

const nothing = (): void => undefined;
