/** What an event of a statechart is called for people. Pure. */

/** `after cooldown` for `xstate.after.cooldown.provider.cooling`. */
export function eventWords(event: string): string {
  const after = /^xstate\.after\.([^.]+)\./.exec(event)?.[1];
  if (after !== undefined) return `after ${after}`;
  if (event.startsWith('xstate.error.actor.'))
    return `${event.slice('xstate.error.actor.'.length)} is broken`;
  if (event.startsWith('xstate.done.actor.')) return `${event.slice('xstate.done.actor.'.length)} is done`;
  return event;
}
