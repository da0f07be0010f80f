import * as v from 'valibot';
import type { ClientRequest } from '../engine/interface.ts';
import type { AppDependencies } from './context.ts';
import { relay } from './messages.ts';
import type { Answer, Parameter, Route } from './route.ts';
import {
  EventStreamSchema,
  MessageRequestSchema,
  MessageSchema,
  TokenCountSchema,
} from './schemas/messages.ts';
import { ErrorSchema } from './schemas/problem.ts';

/** What Claude Code talks to. `/v1/v1/…` is what a client asks for whose base URL ends in `/v1`. */
export function messageRoutes(deps: AppDependencies): Route[] {
  return [
    {
      ...place(deps, '/v1/messages', 'messages'),
      operation: {
        id: 'createMessage',
        tag: 'Messages',
        summary: 'Send a message to whoever can answer it',
        description:
          'The request goes to the providers of the model’s route, one after the other, until one answers; the ' +
          'answer comes as that provider gave it. A request’s own fault comes back with the provider’s status and words.',
        parameters: STEERING,
        body: { description: 'Anthropic’s request.', schema: MessageRequestSchema, example: MESSAGE },
        answers: {
          200: {
            description:
              'One provider’s answer: a message, or an event stream where the request says stream.',
            schema: MessageSchema,
            also: { type: 'text/event-stream', schema: EventStreamSchema },
            headers: OUR_HEADERS,
          },
          ...REFUSALS,
          404: {
            description: 'No route names the model, or the pinned provider is unknown.',
            schema: ErrorSchema,
          },
          503: {
            description: 'No provider could answer; the message names every attempt and why it failed.',
            schema: ErrorSchema,
            headers: { 'retry-after': 'Seconds until the first one returns, if that is within a minute.' },
          },
          default: OWN_FAULT,
        },
      },
    },
    {
      ...place(deps, '/v1/messages/count_tokens', 'count_tokens'),
      operation: {
        id: 'countTokens',
        tag: 'Messages',
        summary: 'Count the input tokens of a message',
        description:
          'A provider counts; where none can, the balancer counts by itself, as near as it can (x-balancer-provider: local-estimate).',
        parameters: STEERING,
        body: {
          description: 'The message to be counted.',
          schema: MessageRequestSchema,
          example: { model: MESSAGE.model, messages: MESSAGE.messages },
        },
        answers: {
          200: { description: 'The count.', schema: TokenCountSchema, headers: OUR_HEADERS },
          ...REFUSALS,
          503: { description: 'The balancer shuts down, or holds as much as it may.', schema: ErrorSchema },
          default: OWN_FAULT,
        },
      },
    },
  ];
}

function place(deps: AppDependencies, path: string, endpoint: ClientRequest['endpoint']) {
  return {
    method: 'POST',
    path,
    aliases: [`/v1${path}`],
    handler: relay(deps, endpoint, path),
  } as const;
}

const MESSAGE = {
  model: 'claude-sonnet-4-5',
  max_tokens: 256,
  messages: [{ role: 'user', content: 'Say hello.' }],
};

const STEERING: readonly Parameter[] = [
  {
    name: 'x-provider',
    in: 'header',
    description: 'Only this provider may answer (as the field provider of the body).',
    schema: v.string(),
  },
  {
    name: 'x-claude-code-session-id',
    in: 'header',
    description: 'The session, which stays with the provider that holds its prompt cache.',
    schema: v.string(),
  },
];

const OUR_HEADERS = {
  'x-balancer-provider': 'Who answered.',
  'x-balancer-attempts': 'How many attempts it took.',
  'x-balancer-request-id': 'Found again in the log.',
  'x-provider-used': 'Who answered, by its older name.',
};

const OWN_FAULT: Answer = {
  description: 'The request’s own fault, in the words and with the status of the provider that found it.',
  schema: v.unknown(),
};

/** What a body may come to before anyone is asked. */
const REFUSALS: Readonly<Record<string, Answer>> = {
  400: {
    description: 'The body is no JSON object, or names no model; or a provider refused it.',
    schema: v.unknown(),
  },
  408: { description: 'The body stopped arriving.', schema: ErrorSchema },
  413: { description: 'The body is larger than settings.max_body_size.', schema: ErrorSchema },
  415: { description: 'A content-encoding that is not known here.', schema: ErrorSchema },
};
