import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { StoredAnswers } from '../../src/engine/stored-answers.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('whoever is to keep an answer does not hold the body of its request meanwhile', async () => {
  const answers = new StoredAnswers(
    { ttlMs: 1, routeTtlMs: new Map(), maxEntries: 9, maxBytes: 10_000 },
    () => 0,
  );
  const { keep, body } = waiting(answers);
  // What a WeakRef was asked for stays until the present turn is over.
  await new Promise(setImmediate);
  collectGarbage();
  expect(body.deref() === undefined).toBe(true);
  keep?.({
    form: 'message',
    body: Buffer.from('{"input_tokens":1}'),
    status: 200,
    headers: [],
    provider: 'A',
    model: 'm',
  });
  expect(answers.use().entries).toBe(1);
});

function waiting(answers: StoredAnswers) {
  const body = Buffer.alloc(100_000);
  const fingerprint = { key: 'k', body, parts: [{ start: 0, end: body.length }] };
  const identity = { fingerprint, shares: true, joins: true, looks: true, ttlMs: 60_000 };
  return { keep: answers.keeper(identity, 'count_tokens', undefined), body: new WeakRef(body) };
}
