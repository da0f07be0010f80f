import { getSystemErrorName } from 'node:util';
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
};

/**
 * The code of a network error. Node bundles several tries (IPv6, IPv4) in one error whose parts carry it; behind undici's
 * own socket error there may be one of the operating system.
 */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (isParserError(error)) return code ?? 'HTTP_PARSER';
  if (code === 'UND_ERR_SOCKET' && 'errno' in error && typeof error.errno === 'number')
    return getSystemErrorName(error.errno);
  return code ?? (error instanceof AggregateError ? errorCode(error.errors[0]) : undefined);
}

/** A failure before the request was written. `where` is `host:port`. */
export function connectFailure(error: Error, where: string): TransportFailure {
  const code = errorCode(error);
  if (isRequestFault(code)) return requestFault(error, code);
  const words = error instanceof ConnectError ? error.message : described(error, code);
  return failure('connect', code, `${where}: ${words}`, false);
}

/** Where an exchange stood when it failed. */
export interface ExchangePosition {
  /** The head of the answer had not come. */
  readonly inHead: boolean;
  /** On a reused connection, not one byte had come back. */
  readonly untouched: boolean;
}

/** A failure of an exchange whose request was written. */
export function exchangeFailure(error: Error, at: ExchangePosition): TransportFailure {
  const code = errorCode(error);
  if (isRequestFault(code)) return requestFault(error, code);
  // undici's parser calls every fault so once it has seen a content-length; inside the head it can only be a bad one.
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && at.inHead)
    return failure('protocol', code, 'what came is not HTTP/1.1 (bad headers)', false);
  if (isProtocolFault(error, code)) return failure('protocol', code, described(error, code), false);
  return failure('reset', code, described(error, code), at.untouched);
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
  if (isParserError(error)) return !isCutShort(error);
  return code === 'UND_ERR_SOCKET' && (error.message === 'bad response' || error.message === 'bad upgrade');
}

/** undici gives its parser's errors a code in some releases only; the reason stands in the message. */
function isParserError(error: Error): boolean {
  return error.name === 'HTTPParserError';
}

/** FIN in the middle of an answer. */
function isCutShort(error: Error): boolean {
  return error.message.includes('Invalid EOF state');
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
  if (isParserError(error))
    return isCutShort(error)
      ? 'connection closed before the answer was complete'
      : `what came is not HTTP/1.1 ${/\(.*\)$/s.exec(error.message)?.[0] ?? ''}`.trimEnd();
  return error.message === '' ? (code ?? 'network error') : error.message;
}
