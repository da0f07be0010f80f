import { clause } from '../secrets/plain-text.ts';
import type { UnhealthyLists } from '../settings/settings.ts';
import { forEndpoint } from './classify.ts';
import type { Endpoint, Failure, FailureKind, Phase } from './outcome.ts';

/** Why an exchange broke below HTTP, as the transport tells it. */
export interface BrokenExchange {
  /** `connect`, `connect_timeout`, `pool_timeout`, `reset`, `protocol`, `decode`, `aborted`. */
  readonly kind: string;
  /** Network code: ECONNREFUSED, ENOTFOUND, … */
  readonly code?: string;
  readonly message: string;
  /** The request had gone out on a connection that had already served another one. */
  readonly reusedConnection: boolean;
}

/** How far the answer had come: nothing of it, its headers (no content), or content that has reached the client. */
export type Progress = 'before_headers' | 'after_headers' | 'committed';

export interface TransportContext {
  readonly endpoint?: Endpoint;
  /** Where the progress alone does not tell it: `body` for a non-streaming answer. */
  readonly phase?: Phase;
  readonly lists?: Pick<UnhealthyLists, 'exceptionPatterns'>;
}

const PHASE: Readonly<Record<Progress, Phase>> = {
  before_headers: 'headers',
  after_headers: 'first_content',
  committed: 'streaming',
};

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed while the request was being sent',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  ENETUNREACH: 'network unreachable',
  EHOSTUNREACH: 'host unreachable',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_SOCKET: 'connection closed by the provider',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in the chain',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate not trusted',
  CERT_HAS_EXPIRED: 'certificate expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate for another host',
};

/**
 * The kind of a failure below HTTP. All that a transport knows has a row of its own; the users' exception patterns only
 * make a failure of an unknown kind a `server_error`.
 */
export function classifyTransport(
  broken: BrokenExchange,
  progress: Progress,
  context: TransportContext = {},
): Failure {
  const kind = transportKind(broken, progress, context.lists?.exceptionPatterns ?? []);
  const failure: Failure = {
    kind,
    phase: transportPhase(broken, progress, context.phase),
    detail: transportDetail(broken),
    ...(broken.code === undefined ? {} : { code: broken.code }),
  };
  return forEndpoint(failure, context.endpoint ?? 'messages');
}

function transportKind(broken: BrokenExchange, progress: Progress, patterns: readonly string[]): FailureKind {
  switch (broken.kind) {
    case 'pool_timeout':
      return 'pool_full';
    // Nobody but us tears an exchange down, and we do it for a client that left.
    case 'aborted':
      return 'client_left';
    case 'connect':
    case 'connect_timeout':
      return 'unreachable';
    case 'reset':
      if (progress === 'before_headers' && broken.reusedConnection) return 'reset_reused';
      return brokenAt(progress);
    case 'protocol':
      return brokenAt(progress);
    // A content encoding that does not decode.
    case 'decode':
      return progress === 'committed' ? 'cut_late' : 'not_an_answer';
    default:
      return progress !== 'committed' && isListed(broken, patterns) ? 'server_error' : brokenAt(progress);
  }
}

function brokenAt(progress: Progress): FailureKind {
  if (progress === 'committed') return 'cut_late';
  return progress === 'after_headers' ? 'cut_early' : 'unreachable';
}

function isListed(broken: BrokenExchange, patterns: readonly string[]): boolean {
  const text = `${broken.kind} ${broken.code ?? ''} ${broken.message}`.toLowerCase();
  return patterns.some((pattern) => pattern !== '' && text.includes(pattern.toLowerCase()));
}

function transportPhase(broken: BrokenExchange, progress: Progress, phase: Phase | undefined): Phase {
  if (broken.kind === 'pool_timeout') return 'pool';
  if (broken.kind === 'connect' || broken.kind === 'connect_timeout') return 'connect';
  return phase ?? PHASE[progress];
}

function transportDetail(broken: BrokenExchange): string {
  const { kind, code } = broken;
  if (kind === 'pool_timeout') return 'all connections allowed by max_connections were busy';
  const words = code === undefined ? undefined : WORDS[code];
  if (words !== undefined) return `${words} (${code})`;
  const message = clause(broken.message);
  if (message === '') return code ?? kind;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

/** Why an answer under 200 was none. */
export type NoAnswer =
  | 'html'
  | 'malformed_json'
  | 'malformed_stream'
  | 'unknown_shape'
  | 'wrong_content_type'
  | 'empty'
  | 'nothing_but_pings'
  | 'truncated';

const NO_ANSWER: Readonly<Record<NoAnswer, readonly [kind: FailureKind, words: string]>> = {
  html: ['not_an_answer', 'an HTML page instead of an answer'],
  malformed_json: ['not_an_answer', 'malformed JSON'],
  malformed_stream: ['not_an_answer', 'a malformed event stream'],
  unknown_shape: ['not_an_answer', 'an answer of unknown shape'],
  wrong_content_type: ['not_an_answer', 'neither JSON nor an event stream'],
  empty: ['cut_early', 'an empty answer'],
  nothing_but_pings: ['cut_early', 'a stream that ended without content'],
  truncated: ['cut_early', 'an answer that broke off'],
};

export interface NoAnswerContext {
  readonly endpoint?: Endpoint;
  readonly phase: Phase;
  /** HTTP status of the answer; by default 200. */
  readonly status?: number;
  /** What there was to see: the page's title, the beginning of the text. */
  readonly seen?: string;
}

/** A 200 that holds no answer: `not_an_answer`, `cut_early` where it ended too soon, `cut_late` after the commit. */
export function classifyNotAnAnswer(reason: NoAnswer, context: NoAnswerContext): Failure {
  const { phase, status = 200, seen } = context;
  const [kind, words] = NO_ANSWER[reason];
  const seenText = seen === undefined ? '' : clause(seen, 120);
  const failure: Failure = {
    kind: phase === 'streaming' ? 'cut_late' : kind,
    phase,
    status,
    detail: `${status} with ${words}${seenText === '' ? '' : `: ${seenText}`}`,
  };
  return forEndpoint(failure, context.endpoint ?? 'messages');
}

const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  pool: 'no free connection',
  connect: 'no connection',
  headers: 'no response headers',
  first_content: 'no content',
  body: 'no complete answer',
  streaming: 'silence in the stream',
};

/** A phase's time is over (`afterMs`): `unreachable` while connecting, `pool_full` before, `cut_late` after the commit, else `stalled`. */
export function classifyTimeout(phase: Phase, afterMs: number, endpoint: Endpoint = 'messages'): Failure {
  const kinds: Partial<Record<Phase, FailureKind>> = {
    pool: 'pool_full',
    connect: 'unreachable',
    streaming: 'cut_late',
  };
  const joint = phase === 'streaming' ? 'for' : 'within';
  const detail = `${PHASE_WORDS[phase]} ${joint} ${Math.round(afterMs / 100) / 10} s`;
  return forEndpoint({ kind: kinds[phase] ?? 'stalled', phase, detail }, endpoint);
}
