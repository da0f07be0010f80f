import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/e2e/**', 'test/packaging/**', 'test/readme/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    maxWorkers: 2,
    // xstate's development build takes an event that is handled at once for a part of the action that sent it.
    onConsoleLog: (log) => !log.startsWith('Custom actions should not call'),
  },
});
