import type { ChildProcess } from 'node:child_process';

/** A question of the bench to one of its processes, and the answer, over the channel that `fork` opens. */
interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

export type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

/** Answers questions in a process of the bench. Names that are not among the handlers are somebody else's. */
export function answerCalls(handlers: Handlers): void {
  process.on('message', (message: Question) => {
    const handler = handlers[message.name];
    if (handler === undefined) return;
    const reply = (answer: Answer): void => {
      process.send?.(answer);
    };
    Promise.resolve(message.argument as never)
      .then(handler)
      .then(
        (value) => reply({ id: message.id, value }),
        (error: unknown) => reply({ id: message.id, error: String(error) }),
      );
  });
}

/** No measurement takes longer, ms. */
const PATIENCE_MS = 300_000;

/** Asks a process; rejects when it says so, dies, or is silent for five minutes. */
export function call<Value>(
  child: ChildProcess,
  name: string,
  argument: unknown = undefined,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const id = Math.random();
    const done = (act: () => void): void => {
      clearTimeout(patience);
      child.off('message', onMessage);
      child.off('exit', onExit);
      act();
    };
    const onMessage = (message: unknown): void => {
      const answer = message as Answer;
      if (answer.id !== id) return;
      if (answer.error === undefined) done(() => resolve(answer.value as Value));
      else done(() => reject(new Error(answer.error)));
    };
    const onExit = (): void => done(() => reject(new Error(`the process asked for "${name}" has ended`)));
    const patience = setTimeout(
      () => done(() => reject(new Error(`no answer to "${name}" within ${PATIENCE_MS / 1000} s`))),
      PATIENCE_MS,
    );
    child.on('message', onMessage);
    child.once('exit', onExit);
    const question: Question = { id, name, argument };
    child.send(question);
  });
}
