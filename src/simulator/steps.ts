import { type Asked, answerSteps, cutSteps } from './answers.ts';
import type { Behaviour, EchoBehaviour, MessageBehaviour, Step } from './behaviour.ts';
import { breakSteps } from './break-steps.ts';
import { errorBody } from './errors.ts';
import { httpSteps, withTimes } from './http-steps.ts';
import { brokenRule } from './openai-rules.ts';
import { headerOf } from './request-parser.ts';
import { foreignSignature } from './signatures.ts';
import { streamSteps } from './stream-steps.ts';

/** The facts of a received request that an answer depends on. */
export interface AnsweredRequest {
  readonly number: number;
  readonly path: string;
  readonly method: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Its connection has already served another request. */
  readonly reused: boolean;
}

/** Who answers. */
export interface AnsweringProvider {
  readonly name: string;
  /** A good answer refuses thinking blocks that another one signed. */
  readonly checkSignatures: boolean;
  /** A good answer refuses Chat Completions that break the rules of strict servers. */
  readonly checkRequests: boolean;
  /** Wall clock, ms. */
  readonly now: number;
}

/** Turns a behaviour into the steps for one request. */
export async function stepsFor(
  behaviour: Behaviour,
  provider: AnsweringProvider,
  request: AnsweredRequest,
): Promise<readonly Step[]> {
  switch (behaviour.kind) {
    case 'message':
      return messageSteps(behaviour, provider, request);
    case 'stream':
      return streamSteps(behaviour.parts, behaviour, {});
    case 'cut':
      return cutSteps(behaviour, askedOf(provider.name, request, parseJson(request.body)));
    case 'http':
      return httpSteps(withTimes(behaviour, provider.now));
    case 'echo':
      return httpSteps(echo(behaviour, request.rawHeaders));
    case 'break': {
      const asked = askedOf(provider.name, request, parseJson(request.body));
      return breakSteps(behaviour.fault, asked, request.reused);
    }
    case 'script':
      return behaviour.steps;
  }
}

function messageSteps(
  behaviour: MessageBehaviour,
  provider: AnsweringProvider,
  request: AnsweredRequest,
): Promise<readonly Step[]> {
  // A probe is answered with a head alone.
  if (request.method === 'HEAD') return httpSteps({ kind: 'http', status: 200 });
  const body = parseJson(request.body);
  const broken = provider.checkRequests && isCompletion(request) ? brokenRule(body) : undefined;
  if (broken !== undefined) {
    const error = { ...broken, type: 'invalid_request_error' };
    return httpSteps({ kind: 'http', status: 400, body: { error } });
  }
  const complaint = provider.checkSignatures ? foreignSignature(provider.name, body) : undefined;
  if (complaint === undefined) return answerSteps(behaviour, askedOf(provider.name, request, body));
  return httpSteps({ kind: 'http', status: 400, body: errorBody('invalid_request_error', complaint) });
}

function isCompletion({ path }: AnsweredRequest): boolean {
  return endpointOf(path) === 'completions';
}

/** The endpoint that a path names; anything unknown is taken as messages. */
export function endpointOf(path: string): Asked['endpoint'] {
  const name = path.split('?')[0] ?? '';
  if (name.endsWith('/count_tokens')) return 'count_tokens';
  if (name.endsWith('/models') || name.includes('/models/')) return 'models';
  return name.endsWith('/chat/completions') ? 'completions' : 'messages';
}

function askedOf(provider: string, request: AnsweredRequest, body: Readonly<Record<string, unknown>>): Asked {
  return {
    provider,
    number: request.number,
    endpoint: endpointOf(request.path),
    model: typeof body.model === 'string' ? body.model : 'unknown-model',
    stream: body.stream === true,
    bytes: request.body.length,
  };
}

function echo(behaviour: EchoBehaviour, rawHeaders: readonly string[]) {
  const key = headerOf(rawHeaders, 'x-api-key') ?? headerOf(rawHeaders, 'authorization') ?? '(none)';
  const body = errorBody('authentication_error', `Incorrect API key provided: ${key}`);
  return { kind: 'http', status: behaviour.status, body } as const;
}

function parseJson(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
