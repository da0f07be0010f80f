import { parentPort } from 'node:worker_threads';
import o200k from 'js-tiktoken/ranks/o200k_base';
import { countRequest } from './request-count.ts';
import { createTextCounter } from './text-counter.ts';
import { readVocabulary } from './vocabulary.ts';
import type { CountReply, CountRequest } from './worker-messages.ts';

const countText = createTextCounter(readVocabulary(o200k));

parentPort?.on('message', ({ body }: CountRequest) => {
  const { buffer, byteOffset, byteLength } = body;
  const json = Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
  const reply: CountReply = { tokens: countRequest(json, countText) };
  parentPort?.postMessage(reply);
});
