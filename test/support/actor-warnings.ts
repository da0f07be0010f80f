import { afterEach, beforeEach, expect, type MockInstance, vi } from 'vitest';

/**
 * xstate takes an action's event to another actor, which is handled at once, for a part of that action, and so warns
 * about the other actor's own `enqueue.assign`. Nothing is wrong there.
 */
const MISTAKEN = /^Custom actions should not call/;

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
    const warnings = warn.mock.calls.map(String).filter((text) => !MISTAKEN.test(text));
    warn.mockRestore();
    expect(warnings).toEqual([]);
  });
}
