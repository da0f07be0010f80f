import { inspect } from 'node:util';

/**
 * Reports an exception that nobody caught and ends with 1, as Node does by itself; but what it says goes through `redact`
 * first, because an exception may quote what it failed on. The function given back stops that.
 */
export function reportCrashes(redact: (text: string) => string, stderr: NodeJS.WritableStream): () => void {
  const hear = (error: unknown): void => {
    stderr.write(`The balancer crashed. ${redact(inspect(error))}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', hear);
  return () => process.off('uncaughtException', hear);
}
