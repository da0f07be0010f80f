import { ConnectError } from './connect-error.ts';
import type { TransportFailure } from './transport.ts';

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'host name not found (DNS)',
  EAI_AGAIN: 'host name could not be looked up (DNS)',
  ECONNRESET: 'connection reset by the other side',
  EPIPE: 'connection closed by the other side',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EMFILE: 'too many open files on this machine',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the other side does not speak TLS (is the address https by mistake?)',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the other side does not speak TLS (is the address https by mistake?)',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate (name its authority with ca_file)',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in its chain (name its authority with ca_file)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate of an unknown authority (name it with ca_file)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate of an unknown authority (name it with ca_file)',
  CERT_HAS_EXPIRED: 'certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate is for another host',
  UND_ERR_HEADERS_OVERFLOW: 'response headers are larger than 64 KB',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'connection closed before the announced length was reached',
  HPE_INVALID_EOF_STATE: 'connection closed before the answer was complete',
};

/** The code of a network error; Node bundles several tries (IPv6, IPv4) in one error whose parts carry it. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? errorCode(error.errors[0]) : undefined;
}

/** A failure before the request was written. `where` is `host:port`. */
export function connectFailure(error: Error, where: string): TransportFailure {
  const code = errorCode(error);
  if (isRequestFault(code)) return requestFault(error, code);
  const words = error instanceof ConnectError ? error.message : described(error, code);
  return failure('connect', code, `${where}: ${words}`, false);
}

/** A failure of an exchange whose request was written. `untouched`: on a reused connection, not one byte came back. */
export function exchangeFailure(error: Error, untouched: boolean): TransportFailure {
  const code = errorCode(error);
  if (isRequestFault(code)) return requestFault(error, code);
  if (isProtocolFault(error, code)) return failure('protocol', code, described(error, code), false);
  return failure('reset', code, described(error, code), untouched);
}

/** Builds a failure without setting absent fields. */
export function failure(
  kind: TransportFailure['kind'],
  code: string | undefined,
  message: string,
  reusedConnection: boolean,
): TransportFailure {
  return { kind, ...(code === undefined ? {} : { code }), message, reusedConnection };
}

function isProtocolFault(error: Error, code: string | undefined): boolean {
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return true;
  if (code === 'HPE_INVALID_EOF_STATE') return false;
  if (code?.startsWith('HPE_')) return true;
  return code === 'UND_ERR_SOCKET' && (error.message === 'bad response' || error.message === 'bad upgrade');
}

/** undici refuses to send what would not be HTTP. */
function isRequestFault(code: string | undefined): code is string {
  return code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED';
}

function requestFault(error: Error, code: string): TransportFailure {
  return failure('protocol', code, `the request can't be sent: ${error.message}`, false);
}

function described(error: Error, code: string | undefined): string {
  const words = code === undefined ? undefined : WORDS[code];
  if (words !== undefined) return words;
  if (code === 'UND_ERR_SOCKET' && error.message === 'bad upgrade') return 'switched protocols unasked';
  if (code === 'UND_ERR_SOCKET' && error.message === 'bad response') return 'sent bytes that answer nothing';
  if (code === 'UND_ERR_SOCKET') return 'connection closed by the other side';
  if (code?.startsWith('HPE_')) return `what came is not HTTP/1.1 (${code})`;
  return error.message === '' ? (code ?? 'network error') : error.message;
}
