import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Clock } from '../domain/time.ts';
import type { Behaviour } from './behaviour.ts';
import { type Certificate, createCertificate } from './certificate.ts';
import { type ConnectionHost, serveConnection } from './connection.ts';
import { realClock } from './real-clock.ts';
import type { ReceivedRequest } from './received-request.ts';
import { endpointOf, stepsFor } from './steps.ts';

/** One behaviour for all; several in turn, the last one for ever; or chosen request by request, when its body is complete. */
type BehaviourSource = Behaviour | readonly Behaviour[] | ((request: ReceivedRequest) => Behaviour);

export interface ProviderOptions {
  /** Appears in its answers, ids and signatures; default `simulated`. */
  readonly name?: string;
  readonly behaviour: BehaviourSource;
  /**
   * For `count_tokens`, `models` and probes, which take no turn of `behaviour` unless that is a function. Default: good
   * answers.
   */
  readonly sideBehaviour?: BehaviourSource;
  /** Default 0: any free one. */
  readonly port?: number;
  /** Self-signed, for `localhost` and 127.0.0.1; the certificate is in `certificate`. */
  readonly tls?: boolean;
  /** For the waits inside behaviours; default: the real one. */
  readonly clock?: Clock;
  /** Refuse thinking blocks that another provider signed, as the real API does; default true. */
  readonly checkSignatures?: boolean;
  /** Refuse Chat Completions that break the rules of strict servers (`openai-rules.ts`); default true. */
  readonly checkRequests?: boolean;
  /** How many requests are kept in `requests` and for `nextRequest()`, the latest ones; default: all. 0 for long runs. */
  readonly keep?: number;
}

/** A running provider on 127.0.0.1. */
export interface SimulatedProvider {
  readonly name: string;
  /** Base URL without trailing slash. */
  readonly url: string;
  readonly port: number;
  /** PEM of its certificate, where it speaks TLS. */
  readonly certificate: string | undefined;
  /** What it received (the last `keep` of it), in order of arrival. */
  readonly requests: readonly ReceivedRequest[];
  /** Connections open now. */
  readonly openConnections: number;
  /** Connections ever opened. */
  readonly connections: number;
  /** From the next request on. */
  setBehaviour(behaviour: BehaviourSource): void;
  /** The next one that nobody asked for yet, as soon as it is to be answered. Rejects after `timeoutMs` (default 5000). */
  nextRequest(timeoutMs?: number): Promise<ReceivedRequest>;
  /** Releases the holds of all requests received so far. */
  release(): void;
  /** Tears every connection down and stops listening. */
  close(): Promise<void>;
}

const DEFAULT_DEADLINE_MS = 5000;
const GOOD_ANSWER: Behaviour = { kind: 'message' };

/** Starts a provider; resolves when it listens. */
export async function startProvider(options: ProviderOptions): Promise<SimulatedProvider> {
  const name = options.name ?? 'simulated';
  const clock = options.clock ?? realClock;
  const checkSignatures = options.checkSignatures ?? true;
  const checkRequests = options.checkRequests ?? true;
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const keep = options.keep ?? Number.POSITIVE_INFINITY;
  const arrivals = createArrivals(keep);
  const side = inTurn(options.sideBehaviour ?? GOOD_ANSWER);
  let source = options.behaviour;
  let main = inTurn(source);
  let connections = 0;
  let numbers = 0;

  const host: ConnectionHost = {
    clock,
    nextNumber: () => {
      numbers += 1;
      return numbers;
    },
    arrived: (request) => {
      requests.push(request);
      if (requests.length > keep) requests.shift();
    },
    ready: arrivals.push,
    behaviourAtHead: (request) => {
      if (typeof source === 'function' || isSide(request)) return undefined;
      const waiting = main.peek();
      return waiting?.kind === 'http' && (waiting.readBody ?? 'first') !== 'first'
        ? main.take(request)
        : undefined;
    },
    behaviourFor: (request) =>
      isSide(request) && typeof source !== 'function' ? side.take(request) : main.take(request),
    stepsFor: (behaviour, request) =>
      stepsFor(behaviour, { name, checkSignatures, checkRequests, now: clock.now() }, request),
  };

  const certificate = options.tls === true ? createCertificate() : undefined;
  const server = createListener(certificate, (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveConnection(socket, connections, host);
  });
  const port = await listen(server, options.port ?? 0);

  return {
    name,
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    certificate: certificate?.cert,
    requests,
    get openConnections() {
      return sockets.size;
    },
    get connections() {
      return connections;
    },
    setBehaviour: (next) => {
      source = next;
      main = inTurn(next);
    },
    nextRequest: (timeoutMs = DEFAULT_DEADLINE_MS) => arrivals.next(timeoutMs, name),
    release: () => {
      for (const request of requests) request.release();
    },
    close: () => close(server, sockets),
  };
}

function isSide(request: ReceivedRequest): boolean {
  const endpoint = endpointOf(request.path);
  return endpoint === 'count_tokens' || endpoint === 'models' || request.method === 'HEAD';
}

/** Hands out the behaviours of a source in turn. */
function inTurn(source: BehaviourSource) {
  const list = typeof source === 'function' ? [] : [source].flat();
  let at = 0;
  const peek = (): Behaviour | undefined => list[Math.min(at, list.length - 1)];
  return {
    peek,
    take: (request: ReceivedRequest): Behaviour => {
      if (typeof source === 'function') return source(request);
      const behaviour = peek();
      at += 1;
      return behaviour ?? GOOD_ANSWER;
    },
  };
}

/** A queue of requests between connections and the test. */
function createArrivals(keep: number) {
  const waiting: ((request: ReceivedRequest) => void)[] = [];
  const queue: ReceivedRequest[] = [];
  return {
    push: (request: ReceivedRequest): void => {
      const taker = waiting.shift();
      if (taker) taker(request);
      else queue.push(request);
      if (queue.length > keep) queue.shift();
    },
    next: (timeoutMs: number, name: string): Promise<ReceivedRequest> => {
      const first = queue.shift();
      if (first) return Promise.resolve(first);
      return new Promise((resolve, reject) => {
        const taker = (request: ReceivedRequest): void => {
          clearTimeout(deadline);
          resolve(request);
        };
        const deadline = setTimeout(() => {
          waiting.splice(waiting.indexOf(taker), 1);
          reject(new Error(`provider ${name} received no request within ${timeoutMs} ms`));
        }, timeoutMs);
        waiting.push(taker);
      });
    },
  };
}

function createListener(certificate: Certificate | undefined, serve: (socket: Socket) => void): Server {
  if (!certificate) return createServer(serve);
  return createTlsServer({ key: certificate.key, cert: certificate.cert }, serve);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}
