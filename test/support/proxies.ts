import { connect, type Socket } from 'node:net';
import { type Loopback, serveTcp, type serveTls } from './loopback.ts';

export interface ProxyServer extends Loopback {
  /** What clients asked for, in order: the head of an HTTP request, or `host:port` over SOCKS. */
  readonly asked: readonly string[];
}

/** An HTTP proxy: CONNECT tunnels, and requests in absolute form; both go to `target` whatever they name. */
export function serveHttpProxy(
  target: Loopback,
  refuse?: string,
  serve: typeof serveTcp | typeof serveTls = serveTcp,
): Promise<ProxyServer> {
  const asked: string[] = [];
  return served(asked, serve, (client) => {
    client.once('data', (bytes: Buffer) => {
      const head = bytes.toString('latin1');
      asked.push(head);
      if (refuse !== undefined) {
        client.end(refuse);
        return;
      }
      const upstream = connect(target.port, '127.0.0.1');
      if (head.startsWith('CONNECT ')) client.write('HTTP/1.1 200 Connection established\r\nx-a: b\r\n\r\n');
      else upstream.write(bytes);
      join(client, upstream);
    });
  });
}

export interface SocksOptions {
  /** Wanted user name and password. */
  readonly login?: { readonly username: string; readonly password: string };
  /** Reply code; 0 tunnels. */
  readonly reply?: number;
}

/** A SOCKS5 proxy whose tunnels go to `target` whatever they name. */
export function serveSocks(target: Loopback, { login, reply = 0 }: SocksOptions = {}): Promise<ProxyServer> {
  const asked: string[] = [];
  return served(asked, serveTcp, (client) => {
    const steps = [
      (bytes: Buffer) => {
        const offered = [...bytes.subarray(2)];
        const method = login === undefined ? 0 : offered.includes(2) ? 2 : 0xff;
        if (login === undefined) steps.splice(1, 1);
        client.write(Buffer.from([5, method]));
      },
      (bytes: Buffer) => {
        const userLength = bytes[1] ?? 0;
        const username = bytes.toString('utf8', 2, 2 + userLength);
        const password = bytes.toString('utf8', 3 + userLength);
        const right = username === login?.username && password === login.password;
        client.write(Buffer.from([1, right ? 0 : 1]));
      },
      (bytes: Buffer) => {
        asked.push(`${hostOf(bytes)}:${bytes.readUInt16BE(bytes.length - 2)}`);
        client.write(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]));
        if (reply !== 0) return;
        join(client, connect(target.port, '127.0.0.1'));
      },
    ];
    let step = 0;
    const next = (bytes: Buffer): void => {
      steps[step]?.(bytes);
      step += 1;
      if (step >= steps.length) client.off('data', next);
    };
    client.on('data', next);
  });
}

function hostOf(command: Buffer): string {
  if (command[3] === 1) return [...command.subarray(4, 8)].join('.');
  if (command[3] === 4) return command.subarray(4, 20).toString('hex');
  return command.toString('utf8', 5, 5 + (command[4] ?? 0));
}

function join(client: Socket, upstream: Socket): void {
  client.on('error', () => upstream.destroy());
  upstream.on('error', () => client.destroy());
  client.on('close', () => upstream.destroy());
  client.pipe(upstream).pipe(client);
}

async function served(
  asked: string[],
  serve: typeof serveTcp,
  onSocket: (socket: Socket) => void,
): Promise<ProxyServer> {
  return { ...(await serve(onSocket)), asked };
}
