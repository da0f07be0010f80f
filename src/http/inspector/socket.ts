import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { AppDependencies } from '../context.ts';
import { refusalOf, visitorOf } from './gate.ts';

/** Takes a request that wants another protocol; `false`: it is none of ours. */
export type Upgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

const PATH = '/inspector/ws';
/** A reader that is further behind is let go. Bytes. */
const MAX_BEHIND = 8 * 1024 * 1024;

/**
 * `/inspector/ws`: everything that XState tells of its actors, in the form of `@statelyai/inspect`. Only while somebody is
 * connected does anything of it exist. The gate is that of the page.
 */
export function inspectorSocket(deps: AppDependencies): Upgrade {
  const server = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024, perMessageDeflate: false });
  return function upgrade(incoming, socket, head) {
    const [path] = (incoming.url ?? '').split('?', 1);
    const { inspector } = deps;
    if (path !== PATH || inspector === undefined) return false;
    const problem = refusalOf(visitorOf(incoming), deps.settings().auth, inspector.sessions, true);
    if (problem !== undefined) {
      deps.observe({ type: 'auth.refused', requestId: deps.newId(), path: PATH, reason: problem.message });
      socket.end(`HTTP/1.1 ${problem.status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return true;
    }
    server.handleUpgrade(incoming, socket, head, (client) => {
      client.on('error', () => client.terminate());
      const leave = inspector.follow((message) => {
        if (client.bufferedAmount > MAX_BEHIND) client.terminate();
        else client.send(deps.redact(message));
      });
      const stay = inspector.onClosing(() => client.close(1001));
      client.on('close', () => {
        leave();
        stay();
      });
    });
    return true;
  };
}
