import { sessionIn, type WalkedBody } from '../protocols/anthropic/body-walker.ts';
import type { RequestFacts } from '../telemetry/events.ts';
import type { ClientRequest } from './interface.ts';

/** What the engine reads from a request's headers, in one pass. */
export interface HeaderFacts {
  readonly session: string | undefined;
  readonly agent: string | undefined;
  /** `x-provider`: the provider this request is pinned to. */
  readonly pin: string | undefined;
  readonly isClaudeCode: boolean;
  /** The client's own patience, ms (`x-stainless-timeout`). */
  readonly patienceMs: number | undefined;
  /** `anthropic-beta` and `anthropic-version`, as sent; several joined by a comma. */
  readonly beta: string;
  readonly version: string;
  /** `cache-control: no-store`: no kept answer, and none is kept. */
  readonly noStore: boolean;
  /** `x-balancer-cache: bypass`: a new answer, whatever is there. */
  readonly bypass: boolean;
}

/** A client-chosen name longer than this is none. */
const LONGEST_NAME = 256;

export function headerFacts(headers: readonly string[]): HeaderFacts {
  let session: string | undefined;
  let agent: string | undefined;
  let pin: string | undefined;
  let isClaudeCode = false;
  let patienceMs: number | undefined;
  let beta = '';
  let version = '';
  let noStore = false;
  let bypass = false;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const value = headers[index + 1] ?? '';
    switch (headers[index]?.toLowerCase()) {
      case 'x-claude-code-session-id':
        session ??= named(value);
        break;
      case 'x-claude-code-agent-id':
        agent ??= named(value);
        break;
      case 'x-provider':
        pin ??= named(decodedName(value));
        break;
      case 'user-agent':
        isClaudeCode = value.startsWith('claude-cli/');
        break;
      case 'x-stainless-timeout':
        patienceMs ??= milliseconds(value);
        break;
      case 'anthropic-beta':
        beta = beta === '' ? value : `${beta},${value}`;
        break;
      case 'anthropic-version':
        version = version === '' ? value : `${version},${value}`;
        break;
      case 'cache-control':
        noStore ||= /(^|[\s,])no-store($|[\s,;])/i.test(value);
        break;
      case 'x-balancer-cache':
        bypass ||= value.trim().toLowerCase() === 'bypass';
        break;
      default:
    }
  }
  return { session, agent, pin, isClaudeCode, patienceMs, beta, version, noStore, bypass };
}

function named(value: string): string | undefined {
  const text = value.trim();
  return text === '' || text.length > LONGEST_NAME ? undefined : text;
}

/** Names of providers may be no ASCII; in a header they come percent-encoded. */
function decodedName(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function milliseconds(value: string): number | undefined {
  const seconds = Number(value);
  return Number.isFinite(seconds) && seconds > 0 && seconds < 86_400 ? seconds * 1_000 : undefined;
}

/** Left of a non-streaming client's patience for the way back, ms. */
const MARGIN_MS = 20_000;
/** The patience of a client that does not tell it, less the margin, ms. */
const DEFAULT_BUDGET_MS = 580_000;

/** What a count of tokens has at most, over all providers that are asked, ms. */
export const COUNT_BUDGET_MS = 30_000;

/** How long a request has until its first content or its final error, ms. */
export function budgetMs(
  stream: boolean,
  endpoint: ClientRequest['endpoint'],
  patienceMs: number | undefined,
  requestBudgetMs: number,
): number {
  if (endpoint === 'count_tokens') return Math.min(patienceMs ?? DEFAULT_BUDGET_MS, COUNT_BUDGET_MS);
  if (stream) return requestBudgetMs;
  if (patienceMs === undefined) return DEFAULT_BUDGET_MS;
  return Math.max(patienceMs - MARGIN_MS, patienceMs / 2);
}

/** What logs and metrics know a request by. */
export function requestFacts(request: ClientRequest, walked: WalkedBody, header: HeaderFacts): RequestFacts {
  const session = header.session ?? sessionIn(walked);
  return {
    id: request.id,
    endpoint: request.endpoint,
    model: walked.model,
    stream: walked.stream,
    bytes: request.body.length,
    ...(session === undefined ? {} : { session }),
    ...(header.agent === undefined ? {} : { agent: header.agent }),
  };
}
