/** A promise that rejects when it takes too long; `report` says what there is to say then. */
export function withDeadline<T>(
  what: string,
  start: (resolve: (value: T) => void) => void,
  report: () => string = () => '',
  deadlineMs = 30_000,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not within ${deadlineMs} ms: ${what}. ${report()}`)),
      deadlineMs,
    );
    start((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
