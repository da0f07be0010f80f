import { createInterface } from 'node:readline/promises';
import type { World } from './world.ts';

/** Asks a person at a terminal. */
export interface Asker {
  /** The answer, or `otherwise` for an empty one. */
  ask(question: string, otherwise: string): Promise<string>;
  /** Asks until `read` understands. `otherwise`: what an empty answer stands for. */
  until<Value>(
    question: string,
    otherwise: string,
    read: (answer: string) => { kind: 'read'; value: Value } | { kind: 'wrong'; message: string },
  ): Promise<Value>;
  /** Yes or no; an empty answer is no. */
  agrees(question: string): Promise<boolean>;
  /** Shows a line. */
  say(line: string): void;
  close(): void;
}

/** Thrown out of a question when the person ends it by Ctrl-C or Ctrl-D. */
export class Interrupted extends Error {}

/** Asks on the standard streams; they have to be a terminal. */
export function createAsker({ stdin, stdout }: World): Asker {
  const lines = createInterface({ input: stdin, output: stdout, terminal: true });
  const gone = new AbortController();
  lines.on('SIGINT', () => gone.abort());
  lines.on('close', () => gone.abort());

  async function ask(question: string, otherwise: string): Promise<string> {
    const shown = otherwise === '' ? '' : ` [${otherwise}]`;
    try {
      const answer = await lines.question(`${question}${shown}: `, { signal: gone.signal });
      return answer.trim() === '' ? otherwise : answer.trim();
    } catch (error) {
      if (gone.signal.aborted) throw new Interrupted('interrupted', { cause: error });
      throw error;
    }
  }

  const asker: Asker = {
    ask,
    async until(question, otherwise, read) {
      for (;;) {
        const result = read(await ask(question, otherwise));
        if (result.kind === 'read') return result.value;
        asker.say(`  ${result.message}`);
      }
    },
    async agrees(question) {
      return /^(y|yes|ja|oui|si|是)$/i.test(await ask(`${question} [y/N]`, ''));
    },
    say: (line) => void stdout.write(`${line}\n`),
    close: () => lines.close(),
  };
  return asker;
}
