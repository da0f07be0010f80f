import { defineConfig } from 'vitest/config';

/** The inspector in a real browser: Debian's chromium, or whichever CHROMIUM names. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    // xstate's development build takes an event that is handled at once for a part of the action that sent it.
    onConsoleLog: (log) => !log.startsWith('Custom actions should not call'),
  },
});
