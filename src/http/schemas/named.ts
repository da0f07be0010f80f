import type { GenericSchema } from 'valibot';
import { MessageRequestSchema, MessageSchema, TokenCountSchema } from './messages.ts';
import { ModelPageSchema, ModelSchema } from './models.ts';
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
  ModelPage: ModelPageSchema,
  Model: ModelSchema,
  Providers: ProvidersSchema,
  Provider: ProviderSchema,
  Reloaded: ReloadedSchema,
  ReloadRejected: ReloadRejectedSchema,
  Operated: OperatedSchema,
};
