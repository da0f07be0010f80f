/**
 * Waits for SIGTERM or SIGINT, then drains; a second signal ends at once.
 *
 * @returns when the process may exit
 */
export async function untilSignalled(drain: () => Promise<void>, stop: () => Promise<void>): Promise<void> {
  await nextSignal();
  const hurried = new AbortController();
  const again = nextSignal(hurried.signal).then(stop, () => {});
  await Promise.race([drain(), again]);
  hurried.abort();
}

function nextSignal(cancelled?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const clear = (): void => {
      process.off('SIGTERM', heard);
      process.off('SIGINT', heard);
    };
    const heard = (): void => {
      clear();
      resolve();
    };
    process.on('SIGTERM', heard);
    process.on('SIGINT', heard);
    cancelled?.addEventListener('abort', () => {
      clear();
      reject(new Error('no second signal'));
    });
  });
}
