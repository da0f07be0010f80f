import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts', 'test/packaging/**/*.test.ts', 'test/readme/**/*.test.ts'],
    globalSetup: ['test/e2e/support/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 360_000,
    maxWorkers: 2,
    maxConcurrency: 3,
    // xstate's development build takes an event that is handled at once for a part of the action that sent it.
    onConsoleLog: (log) => !log.startsWith('Custom actions should not call'),
  },
});
