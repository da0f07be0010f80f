import { useEffect } from 'preact/hooks';
import { isProviderChange } from './moments.ts';
import { linkTo } from './route.ts';
import type { Store } from './store.ts';

/** Keys that hold everywhere, as the help lists them. */
export const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['o', 'Overview'],
  ['r', 'Requests'],
  ['e', 'Events'],
  ['b', 'Balancer'],
  ['1 … 9', 'the first, second … provider'],
  ['/', 'search'],
  ['↑ ↓ or j k', 'another row of the table'],
  ['Enter', 'open it'],
  ['Space', 'pause, or back to now'],
  ['← →', 'one event back or on'],
  ['[ ]', 'the last or next change of a provider'],
  ['Backspace', 'back to where one was'],
  ['?', 'this list'],
];

interface KeyOptions {
  readonly store: Store;
  readonly toggleHelp: () => void;
  readonly closeHelp: () => void;
}

export function useKeys({ store, toggleHelp, closeHelp }: KeyOptions): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'Escape') {
        closeHelp();
        if (isField(event.target)) event.target.blur();
        return;
      }
      if (isField(event.target)) return;
      if (event.key === ' ' && isControl(event.target)) return;
      if (handle(event.key, store, toggleHelp)) event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [store]);
}

function handle(key: string, store: Store, toggleHelp: () => void): boolean {
  const { events, cursor, snapshot } = store.state();
  const last = events.at(-1)?.seq;
  switch (key) {
    case 'o':
      return go(linkTo({ view: 'overview' }));
    case 'r':
      return go(linkTo({ view: 'requests' }));
    case 'e':
      return go(linkTo({ view: 'events' }));
    case 'b':
      return go(linkTo({ view: 'balancer' }));
    case 'Backspace':
      history.back();
      return true;
    case '?':
      toggleHelp();
      return true;
    case '/':
      document.querySelector<HTMLInputElement>('[data-search]')?.focus();
      return true;
    case ' ':
      store.look(cursor === undefined ? last : undefined);
      return true;
    case 'ArrowLeft':
    case 'ArrowRight':
      return step(store, key === 'ArrowLeft' ? -1 : 1);
    case '[':
    case ']':
      return stepToChange(store, key === '[' ? -1 : 1);
    default: {
      const provider = snapshot?.providers[Number(key) - 1];
      return (
        /^[1-9]$/.test(key) && provider !== undefined && go(linkTo({ view: 'provider', id: provider.id }))
      );
    }
  }
}

function go(link: string): boolean {
  location.hash = link;
  return true;
}

/** One event back or on; on from the newest one is now. */
export function step(store: Store, by: number): boolean {
  const { events, cursor } = store.state();
  const first = events[0]?.seq;
  const last = events.at(-1)?.seq;
  if (first === undefined || last === undefined) return false;
  const next = (cursor ?? last) + by;
  store.look(next > last ? undefined : Math.max(first, next));
  return true;
}

/** To the last or next change of a provider. */
export function stepToChange(store: Store, by: number): boolean {
  const { events, cursor } = store.state();
  const from = cursor ?? Number.POSITIVE_INFINITY;
  const changes = events.filter(isProviderChange);
  const found = by < 0 ? changes.findLast(({ seq }) => seq < from) : changes.find(({ seq }) => seq > from);
  if (found !== undefined) store.look(found.seq);
  return true;
}

function isField(target: EventTarget | null): target is HTMLElement {
  return target instanceof HTMLInputElement
    ? target.type !== 'range'
    : target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
}
