import type { GenericSchema } from 'valibot';
import { ChatErrorSchema, ChatRequestSchema, CompletionSchema } from './chat.ts';
import { MessageRequestSchema, MessageSchema, TokenCountSchema } from './messages.ts';
import { ModelListSchema, ModelPageSchema, ModelSchema } from './models.ts';
import {
  OperatedSchema,
  ProviderSchema,
  ProvidersSchema,
  ReloadedSchema,
  ReloadRejectedSchema,
} from './providers.ts';

/** Schemas that stand on their own in the document, by name; smaller ones are written where they are used. */
export const NAMED_SCHEMAS: Readonly<Record<string, GenericSchema>> = {
  MessageRequest: MessageRequestSchema,
  Message: MessageSchema,
  TokenCount: TokenCountSchema,
  ChatRequest: ChatRequestSchema,
  ChatCompletion: CompletionSchema,
  ChatError: ChatErrorSchema,
  ModelPage: ModelPageSchema,
  Model: ModelSchema,
  ModelList: ModelListSchema,
  Providers: ProvidersSchema,
  Provider: ProviderSchema,
  Reloaded: ReloadedSchema,
  ReloadRejected: ReloadRejectedSchema,
  Operated: OperatedSchema,
};
