import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Upgrade } from './inspector/socket.ts';

/**
 * Lets `upgrade` take connections over. Node hands every request that offers another protocol to whoever listens for
 * upgrades, and reads no further; curl and others offer `h2c` with quite ordinary requests. Those go back to the server
 * without the offer, as if it had not been made.
 */
export function listenForUpgrades(server: Server, upgrade: Upgrade): void {
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', ignore);
    if (upgrade(incoming, socket, head)) return;
    socket.unshift(Buffer.concat([Buffer.from(headWithoutOffer(incoming), 'latin1'), head]));
    server.emit('connection', socket);
  });
}

/** The request's head as it came, but for the offer. */
function headWithoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'upgrade' || lower === 'http2-settings') continue;
    if (lower === 'connection') {
      const left = value.split(',').filter((token) => !/^\s*(?:upgrade|http2-settings)\s*$/i.test(token));
      if (left.length > 0) lines.push(`${name}: ${left.join(',')}`);
    } else lines.push(`${name}: ${value}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function ignore(): void {}
