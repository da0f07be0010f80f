/** SIGTERM and SIGINT of this process, counted. While it listens they do not end the process by themselves. */
export interface Signals {
  /** Resolves at the first one. */
  readonly first: Promise<void>;
  /** Resolves at the second one. */
  readonly second: Promise<void>;
  /** Leaves signals to the process again. */
  close(): void;
}

/** Starts to listen: before anything is announced, or a signal that comes at once ends the process with its log half written. */
export function listenForSignals(): Signals {
  const waiting: (() => void)[] = [];
  const next = (): Promise<void> => new Promise((resolve) => void waiting.push(resolve));
  const [first, second] = [next(), next()];
  const hear = (): void => waiting.shift()?.();
  process.on('SIGTERM', hear);
  process.on('SIGINT', hear);
  return {
    first,
    second,
    close() {
      process.off('SIGTERM', hear);
      process.off('SIGINT', hear);
    },
  };
}
