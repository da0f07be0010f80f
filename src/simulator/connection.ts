import type { Socket } from 'node:net';
import type { Clock } from '../domain/time.ts';
import type { Behaviour, Step } from './behaviour.ts';
import { play, reset } from './player.ts';
import {
  type ReceivedRequest,
  type RequestControl,
  type RequestEnd,
  receiveRequest,
} from './received-request.ts';
import { createRequestParser, type RequestHead } from './request-parser.ts';

/** What a connection asks of its provider. */
export interface ConnectionHost {
  readonly clock: Clock;
  nextNumber(): number;
  /** A request's head is here. */
  arrived(request: ReceivedRequest): void;
  /** It is about to be answered: its body is complete, or the behaviour does not wait for it. */
  ready(request: ReceivedRequest): void;
  /** The behaviour for a request of which only the head has come; undefined: decide when the body is there. */
  behaviourAtHead(request: ReceivedRequest): Behaviour | undefined;
  behaviourFor(request: ReceivedRequest): Behaviour;
  stepsFor(behaviour: Behaviour, request: ReceivedRequest): Promise<readonly Step[]>;
}

/** Serves one client connection until it closes. Requests on it are answered one after the other. */
export function serveConnection(socket: Socket, id: number, host: ConnectionHost): void {
  const closed = new AbortController();
  let served = 0;
  let resetOnReuse = false;
  let current: RequestControl | undefined;
  /** The answers of this connection, in order. */
  let turn: Promise<void> = Promise.resolve();

  async function answer(control: RequestControl, behaviour: Behaviour): Promise<void> {
    control.setBehaviour(behaviour);
    if (behaviour.kind === 'http' && behaviour.readBody === 'never') socket.pause();
    host.ready(control.request);
    const steps = await host.stepsFor(behaviour, control.request);
    const end = await play(steps, { ...control, socket, clock: host.clock, closed: closed.signal });
    control.end(endOf(steps, end === 'gone'));
    resetOnReuse = end === 'kept_until_reuse';
    if (end !== 'gone' && wantsClose(control.request)) socket.end();
  }

  function enqueue(control: RequestControl, behaviour: Behaviour): void {
    turn = turn
      .then(() => answer(control, behaviour))
      .catch((bug: unknown) => {
        // The client must not wait for an answer that cannot come; the bug stays loud.
        socket.destroy();
        throw bug;
      });
  }

  const parse = createRequestParser({
    head: (head) => {
      current = receive(head);
      host.arrived(current.request);
      const early = host.behaviourAtHead(current.request);
      if (early) enqueue(current, early);
      else if (current.request.header('expect')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    },
    body: (body) => {
      const control = current;
      if (!control) return;
      control.setBody(body);
      if (!control.request.behaviour) enqueue(control, host.behaviourFor(control.request));
    },
    bad: () => socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'),
  });

  function receive(head: RequestHead): RequestControl {
    served += 1;
    const facts = {
      number: host.nextNumber(),
      connection: id,
      reused: served > 1,
      receivedAt: host.clock.now(),
    };
    return receiveRequest(head, facts);
  }

  socket.setNoDelay(true);
  socket.on('data', (bytes) => {
    if (resetOnReuse) void reset(socket);
    else parse(bytes);
  });
  socket.on('end', () => closed.abort());
  socket.on('error', () => closed.abort());
  socket.on('close', () => {
    closed.abort();
    current?.end('client_left');
  });
}

function endOf(steps: readonly Step[], gone: boolean): RequestEnd {
  if (!gone) return 'answered';
  const last = steps.at(-1)?.do;
  return last === 'fin' || last === 'close' || last === 'reset' ? 'provider_left' : 'client_left';
}

function wantsClose(request: ReceivedRequest): boolean {
  return request.header('connection')?.toLowerCase() === 'close';
}
