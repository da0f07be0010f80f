import type { Behaviour } from './behaviour.ts';
import { headerOf, type RequestHead } from './request-parser.ts';

/** How the answer to a request ended: played to its end, given up because the client left, or broken on purpose. */
export type RequestEnd = 'answered' | 'client_left' | 'provider_left';

/** A request as a simulated provider received it, and the test's handle on its answer. */
export interface ReceivedRequest extends RequestHead {
  /** 1, 2, 3 … in order of arrival at this provider. */
  readonly number: number;
  /** Which connection brought it: 1, 2, 3 … in order of opening. */
  readonly connection: number;
  /** That connection had already brought another one. */
  readonly reused: boolean;
  /** By the provider's clock, ms. */
  readonly receivedAt: number;
  /** Empty until all of it has come. */
  readonly body: Buffer;
  /** The body is complete. */
  readonly complete: boolean;
  /** What it is (or was) answered with; undefined until that is decided. */
  readonly behaviour: Behaviour | undefined;
  /** First value of a header, by lower-case name. */
  header(name: string): string | undefined;
  /** The body, parsed; throws if it is no JSON. */
  json(): unknown;
  /** Resolves when the answer stands at a hold. */
  readonly held: Promise<void>;
  /** Lets the answer go past its hold, also ahead of time. */
  release(): void;
  readonly ended: Promise<RequestEnd>;
  /** Bytes of the answer written so far. Stands still while the client does not read. */
  readonly bytesWritten: number;
}

/** The provider's own side of a received request. */
export interface RequestControl {
  readonly request: ReceivedRequest;
  setBody(body: Buffer): void;
  setBehaviour(behaviour: Behaviour): void;
  hold(): Promise<void>;
  wrote(bytes: number): void;
  end(how: RequestEnd): void;
}

/** Makes the record of a request whose head has come. */
export function receiveRequest(
  head: RequestHead,
  facts: Pick<ReceivedRequest, 'number' | 'connection' | 'reused' | 'receivedAt'>,
): RequestControl {
  const held = deferred<void>();
  const released = deferred<void>();
  const ended = deferred<RequestEnd>();
  let body: Buffer | undefined;
  let behaviour: Behaviour | undefined;
  let written = 0;
  const request: ReceivedRequest = {
    ...head,
    ...facts,
    get body() {
      return body ?? Buffer.alloc(0);
    },
    get complete() {
      return body !== undefined;
    },
    get behaviour() {
      return behaviour;
    },
    header: (name) => headerOf(head.rawHeaders, name),
    json: () => JSON.parse((body ?? Buffer.alloc(0)).toString()),
    held: held.promise,
    release: () => released.resolve(),
    ended: ended.promise,
    get bytesWritten() {
      return written;
    },
  };
  return {
    request,
    setBody: (bytes) => {
      body = bytes;
    },
    setBehaviour: (chosen) => {
      behaviour = chosen;
    },
    hold: () => {
      held.resolve();
      return released.promise;
    },
    wrote: (bytes) => {
      written += bytes;
    },
    end: (how) => ended.resolve(how),
  };
}

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
