import { type Block, BlockBuilder } from '../anthropic/block-builder.ts';
import type { AnswerOptions, TranslationFailure } from './answer-options.ts';
import { ChunkTranslator } from './chunk-translator.ts';
import type { StartedMessage, StreamEvent } from './stream-events.ts';

/** A message of the Messages API. */
export type WholeMessage = Omit<StartedMessage, 'content'> & { readonly content: readonly Block[] };

export type ConvertedCompletion =
  | {
      readonly kind: 'message';
      readonly message: WholeMessage;
      /** What the provider attached to its calls and wants back with them, by the ids that the client gets. */
      readonly callExtras: ReadonlyMap<string, unknown>;
    }
  | {
      readonly kind: 'failed';
      readonly failure: TranslationFailure;
      readonly error: { readonly type: string; readonly message: string };
    };

/** A whole completion, parsed, as a message. It is read as the one chunk of a stream: both ways say the same. */
export function convertCompletion(completion: unknown, options: AnswerOptions): ConvertedCompletion {
  const translator = new ChunkTranslator(options);
  const events = translator.whole(completion);
  const failed = events.find((event) => event.type === 'error');
  if (failed !== undefined) {
    return { kind: 'failed', failure: translator.failure ?? 'malformed', error: failed.error };
  }
  return { kind: 'message', message: collectMessage(events), callExtras: translator.callExtras };
}

/** The message that these events of a whole, good answer make. A tool's input that was cut is not shown: it must not run. */
function collectMessage(events: readonly StreamEvent[]): WholeMessage {
  let message: WholeMessage | undefined;
  const content: Block[] = [];
  let open: BlockBuilder | undefined;
  for (const event of events) {
    if (event.type === 'message_start') message = { ...event.message, content: [] };
    else if (event.type === 'content_block_start') open = new BlockBuilder({ ...event.content_block });
    else if (event.type === 'content_block_delta') open?.add({ ...event.delta });
    else if (event.type === 'content_block_stop') {
      const block = open?.finish();
      if (block !== undefined) content.push(block);
    } else if (event.type === 'message_delta' && message !== undefined) {
      message = { ...message, ...event.delta, usage: event.usage };
    }
  }
  if (message === undefined) throw new Error('the events of a good answer begin with message_start');
  return { ...message, content };
}
