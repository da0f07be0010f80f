import type { Anthropic } from '@anthropic-ai/sdk';

/**
 * The events that we write, in the shapes of Anthropic's own package, without what only Anthropic's servers know: members that may be
 * null there are left out, for clients send blocks back as they got them, and older endpoints refuse members they don't know.
 */
export type StartedBlock =
  | Pick<Anthropic.TextBlock, 'type' | 'text'>
  | Pick<Anthropic.ThinkingBlock, 'type' | 'thinking' | 'signature'>
  | Pick<Anthropic.RedactedThinkingBlock, 'type' | 'data'>
  | Pick<Anthropic.ToolUseBlock, 'type' | 'id' | 'name' | 'input'>;

export type MessageUsage = Pick<
  Anthropic.MessageDeltaUsage,
  'cache_creation_input_tokens' | 'cache_read_input_tokens' | 'output_tokens'
> & {
  readonly input_tokens: number;
  readonly output_tokens_details?: Anthropic.OutputTokensDetails;
};

export type StopReason = Anthropic.StopReason;

export interface StartedMessage
  extends Pick<Anthropic.Message, 'id' | 'type' | 'role' | 'model' | 'stop_sequence'> {
  readonly content: readonly StartedBlock[];
  readonly stop_reason: StopReason | null;
  readonly usage: MessageUsage;
}

export type Delta =
  | Exclude<Anthropic.RawContentBlockDelta, Anthropic.CitationsDelta | Anthropic.ThinkingDelta>
  | Pick<Anthropic.ThinkingDelta, 'type' | 'thinking'>;

export type StreamEvent =
  | { readonly type: 'message_start'; readonly message: StartedMessage }
  | { readonly type: 'content_block_start'; readonly index: number; readonly content_block: StartedBlock }
  | { readonly type: 'content_block_delta'; readonly index: number; readonly delta: Delta }
  | (Anthropic.RawContentBlockStopEvent & { readonly type: 'content_block_stop' })
  | {
      readonly type: 'message_delta';
      readonly delta: Pick<Anthropic.RawMessageDeltaEvent.Delta, 'stop_reason' | 'stop_sequence'>;
      readonly usage: MessageUsage;
    }
  | Anthropic.RawMessageStopEvent
  | { readonly type: 'error'; readonly error: { readonly type: string; readonly message: string } };
