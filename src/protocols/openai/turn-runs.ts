/** What both ways of a conversion know of a conversation's order. */

interface Turn {
  readonly role?: unknown;
}

/** The end of the turns from `at` that are the assistant's, or are not. */
export function runEnd(turns: readonly Turn[], at: number, assistant: boolean): number {
  let end = at;
  while (end < turns.length && (turns[end]?.role === 'assistant') === assistant) end++;
  return end;
}

/** How many system messages stand before everything else. */
export function leadingSystem(turns: readonly Turn[]): number {
  const begin = turns.findIndex(({ role }) => role !== 'system');
  return begin === -1 ? turns.length : begin;
}

/** A system message where none may stand, as words of the user. */
export function reminder(text: string): string {
  return `<system-reminder>\n${text}\n</system-reminder>`;
}
