import { afterEach, beforeEach, expect, type MockInstance, vi } from 'vitest';

/**
 * Makes every test of a file fail in which something was warned about: xstate's development build says so when an event
 * goes to an actor that has stopped, which in production would vanish without a trace.
 */
export function failOnWarnings(): void {
  let warn: MockInstance<typeof console.warn>;
  beforeEach(() => {
    warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterEach(() => {
    const warnings = warn.mock.calls.map((call) => String(call[0]));
    warn.mockRestore();
    expect(warnings).toEqual([]);
  });
}
