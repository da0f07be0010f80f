import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type BalancerAddress, KEY_VARIABLE } from './balancer-address.ts';

/**
 * What came of asking the running balancer. `absent`: nobody answers there, or somebody else does. `refused`: it is
 * there and does not let us in.
 */
export type Asked =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly json: Readonly<Record<string, unknown>>;
      /** The key with which it was asked. */
      readonly key?: string;
    }
  | { readonly kind: 'absent' | 'refused'; readonly message: string };

/** A balancer on this machine answers in milliseconds; a stranger may never do. */
const PATIENCE_MS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** Asks the balancer at an address. Tries its keys in turn; every failure is a value. */
export async function askBalancer(
  address: BalancerAddress,
  method: 'GET' | 'POST',
  path: string,
): Promise<Asked> {
  let asked: Asked | undefined;
  for (const key of [...address.keys, undefined]) {
    if (key === undefined && asked !== undefined) break;
    const answer = await exchange(`${address.url}${path}`, method, key);
    asked = judge(answer, address);
    if (asked.kind === 'answer' && key !== undefined) return { ...asked, key };
    if (asked.kind !== 'refused') return asked;
  }
  return asked ?? { kind: 'absent', message: nobody(address, 'nobody was asked') };
}

type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  | { readonly kind: 'failed'; readonly reason: string };

function judge(answer: Answer, address: BalancerAddress): Asked {
  if (answer.kind === 'failed') return { kind: 'absent', message: nobody(address, answer.reason) };
  const json = readObject(answer.text);
  const message = messageOf(json);
  if (answer.status === 401) {
    const how = address.keys.length === 0 ? 'asks for a key' : 'does not accept the key';
    return {
      kind: 'refused',
      message: `The balancer at ${address.url} ${how}: put it into ${KEY_VARIABLE}.`,
    };
  }
  if (
    json === undefined ||
    !('status' in json || 'providers' in json || 'requests' in json || message !== undefined)
  ) {
    const what = `Something answers at ${address.url}, but it is no balancer (HTTP ${answer.status}).`;
    return { kind: 'absent', message: `${what} ${howToStart(address)}` };
  }
  if (answer.status === 403)
    return { kind: 'refused', message: message ?? 'The balancer refused (HTTP 403).' };
  return { kind: 'answer', status: answer.status, json };
}

/** The words of an error, wherever the answer has them. */
export function messageOf(json: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const { error, message } = json ?? {};
  if (typeof message === 'string') return message;
  return isObject(error) && typeof error.message === 'string' ? error.message : undefined;
}

function nobody(address: BalancerAddress, reason: string): string {
  const { url, source, note } = address;
  const where = source === '--url' ? url : `${url} (from ${source})`;
  const lines = [`No balancer is running at ${where}: ${reason}.`, howToStart(address)];
  return [...lines, ...(note === undefined ? [] : [note])].join('\n');
}

function howToStart({ source }: BalancerAddress): string {
  const elsewhere = source === '--url' ? '' : ' If it listens elsewhere, say where with --url.';
  return `Start one with: claude-code-balancer start.${elsewhere}`;
}

function exchange(url: string, method: 'GET' | 'POST', key: string | undefined): Promise<Answer> {
  const open = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const headers = { accept: 'application/json', ...(key !== undefined && { 'x-api-key': key }) };
    const fail = (reason: string): void => {
      clearTimeout(deadline);
      resolve({ kind: 'failed', reason });
      request.destroy();
    };
    const request = open(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > MAX_BYTES) fail('its answer does not end');
      });
      response.on('error', (error) => fail(reasonOf(error)));
      response.on('end', () => {
        clearTimeout(deadline);
        resolve({ kind: 'answer', status: response.statusCode ?? 0, text });
      });
    });
    const deadline = setTimeout(() => fail(`no answer within ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
    request.on('error', (error) => fail(reasonOf(error)));
    request.end();
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'nobody listens there';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host is unknown';
    case 'ECONNRESET':
      return 'the connection was closed without an answer';
    default:
      return error.code ?? error.message;
  }
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
