import * as v from 'valibot';
import { chatAnswer } from '../protocols/chat-completions/reply.ts';
import { chatReply } from './chat-reply.ts';
import { chatRequest } from './chat-request.ts';
import type { AppDependencies } from './context.ts';
import { CHAT_PATHS } from './dialect.ts';
import { relay, type Translate } from './messages.ts';
import type { Answer, Route } from './route.ts';
import { ChatErrorSchema, ChatRequestSchema, ChunkStreamSchema, CompletionSchema } from './schemas/chat.ts';

/** What clients of OpenAI talk to. The engine gets a Messages request, and its answer goes back as Chat Completions. */
export function chatRoutes(deps: AppDependencies): Route[] {
  const [path, ...aliases] = CHAT_PATHS;
  return [
    {
      method: 'POST',
      path,
      aliases,
      handler: relay(deps, 'messages', '/v1/messages', translate),
      operation: {
        id: 'createChatCompletion',
        tag: 'Chat Completions',
        summary: 'The same for clients of OpenAI',
        description:
          'The request is converted to one of the Messages API and goes to the same providers by the same rules; the ' +
          'answer is converted back. docs/chat-completions.md has every field.',
        parameters: [
          {
            name: 'x-provider',
            in: 'header',
            description: 'Only this provider may answer (as the field provider of the body).',
            schema: v.string(),
          },
        ],
        body: { description: 'OpenAI’s request.', schema: ChatRequestSchema, example: EXAMPLE },
        answers: ANSWERS,
      },
    },
  ];
}

const translate: Translate = (body, headers, { requestId, receivedAt }) => {
  const request = chatRequest(body, headers);
  if (request.kind === 'problem') return request;
  const answer = chatAnswer({ asked: request.asked, requestId, created: Math.floor(receivedAt / 1000) });
  return {
    kind: 'request',
    body: request.body,
    headers: request.headers,
    reply: (reply) => chatReply(reply, answer),
  };
};

const EXAMPLE = {
  model: 'claude-sonnet-4-5',
  messages: [{ role: 'user', content: 'Say hello.' }],
};

function refused(description: string): Answer {
  return { description, schema: ChatErrorSchema };
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  200: {
    description: 'A completion, or an event stream where the request says stream.',
    schema: CompletionSchema,
    also: { type: 'text/event-stream', schema: ChunkStreamSchema },
    headers: {
      'x-balancer-provider': 'Who answered.',
      'x-balancer-attempts': 'How many attempts it took.',
      'x-request-id': 'Found again in the log.',
    },
  },
  400: refused('The body is none, or asks for what the Messages API cannot do; or a provider refused it.'),
  401: refused(
    'settings.auth is on, and the key is missing or wrong; or a provider refused the client’s own key.',
  ),
  403: refused('The request came by an unknown host name, or from another site’s page.'),
  404: refused('No route names the model, or the pinned provider is unknown.'),
  408: refused('The body stopped arriving.'),
  413: refused('The body is larger than settings.max_body_size.'),
  415: refused('A content-encoding that is not known here.'),
  500: refused('The balancer itself failed; its log tells more.'),
  503: refused('No provider could answer; the message names every attempt and why it failed.'),
  default: refused(
    'The request’s own fault, in the words and with the status of the provider that found it.',
  ),
};
