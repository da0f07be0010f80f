import { useEffect, useState } from 'preact/hooks';

/** A place on the page, as its address has it after `#`. */
export type Place =
  | { readonly view: 'overview' }
  | { readonly view: 'requests' }
  | { readonly view: 'events' }
  | { readonly view: 'balancer' }
  | { readonly view: 'provider'; readonly id: string }
  | { readonly view: 'request'; readonly id: string };

function placeOf(hash: string): Place {
  const [view, id] = hash.replace(/^#\/?/, '').split('/', 2);
  if (view === 'requests' || view === 'events' || view === 'balancer') return { view };
  if ((view === 'provider' || view === 'request') && id !== undefined && id !== '') {
    return { view, id: decodeURIComponent(id) };
  }
  return { view: 'overview' };
}

export function linkTo(place: Place): string {
  return 'id' in place ? `#/${place.view}/${encodeURIComponent(place.id)}` : `#/${place.view}`;
}

export function usePlace(): Place {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return placeOf(hash);
}
