import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { signOut } from './api.ts';
import { BalancerPage } from './balancer-page.tsx';
import { EventsView } from './events-view.tsx';
import { outerState } from './format.ts';
import { Help } from './help.tsx';
import { useKeys } from './keys.ts';
import { type Moment, momentAt } from './moments.ts';
import { Overview } from './overview.tsx';
import { dotClass } from './parts.tsx';
import { shownProviders } from './provider-figures.ts';
import { ProviderPage } from './provider-page.tsx';
import { RequestPage } from './request-page.tsx';
import { RequestsView } from './requests-view.tsx';
import { linkTo, type Place, usePlace } from './route.ts';
import { type State, type Store, useStore } from './store.ts';
import { applyTheme, readTheme, type Theme, themeAfter } from './theme.ts';
import { TimeBar } from './time-bar.tsx';

/** The whole page: where one is, what is shown, and from which moment. */
export function App({ store }: { readonly store: Store }) {
  const state = useStore(store);
  const place = usePlace();
  const { events, base, tally, cursor } = state;
  const moment = useMemo(
    () => (cursor === undefined ? undefined : momentAt({ events, base, tally }, cursor)),
    [events, base, tally, cursor],
  );
  const [theme, setTheme] = useState<Theme>(readTheme());
  const [isHelpOpen, setHelpOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  useKeys({ store, toggleHelp: () => setHelpOpen((open) => !open), closeHelp: () => setHelpOpen(false) });
  const key = linkTo(place);
  useEffect(() => {
    main.current?.scrollTo(0, 0);
    document.title = `${titleOf(place)} – Inspector`;
  }, [key]);

  const nextTheme = (): void => {
    const next = themeAfter(theme);
    applyTheme(next);
    setTheme(next);
  };

  return (
    <div class="shell">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        To the content
      </a>
      <Sidebar state={state} place={place} moment={moment} />
      <div class="content">
        <header class="top">
          <h1>{titleOf(place)}</h1>
          <Connection state={state} />
          <div class="spacer" />
          <button type="button" class="quiet" onClick={() => setHelpOpen(true)} aria-keyshortcuts="?">
            Keys <kbd>?</kbd>
          </button>
          <button type="button" class="quiet" onClick={nextTheme} title={`Change to ${themeAfter(theme)}`}>
            Theme: {theme}
          </button>
          {state.snapshot?.auth_enabled === true && (
            <button type="button" class="quiet" onClick={() => void signOut()}>
              Sign out
            </button>
          )}
        </header>
        <main id="main" tabIndex={-1} ref={main}>
          <View state={state} store={store} place={place} moment={moment} theme={theme} />
        </main>
        <TimeBar state={state} store={store} />
      </div>
      {isHelpOpen && <Help close={() => setHelpOpen(false)} />}
    </div>
  );
}

interface ViewProps {
  readonly state: State;
  readonly store: Store;
  readonly place: Place;
  /** Looking back; undefined: now. */
  readonly moment: Moment | undefined;
  readonly theme: Theme;
}

function View({ state, store, place, moment, theme }: ViewProps) {
  if (state.connection === 'signed_out') {
    return (
      <section class="empty">
        <h2>Signed out</h2>
        <p>The balancer asks for its key again.</p>
        <p>
          <a class="button primary" href="/inspector">
            Sign in
          </a>
        </p>
      </section>
    );
  }
  if (state.snapshot === undefined)
    return (
      <section class="empty" aria-busy="true">
        Asking the balancer…
      </section>
    );
  switch (place.view) {
    case 'overview':
      return <Overview state={state} snapshot={state.snapshot} moment={moment} theme={theme} />;
    case 'requests':
      return <RequestsView state={state} />;
    case 'events':
      return <EventsView state={state} store={store} />;
    case 'balancer':
      return <BalancerPage state={state} snapshot={state.snapshot} moment={moment} />;
    case 'provider':
      return (
        <ProviderPage
          key={place.id}
          id={place.id}
          state={state}
          store={store}
          snapshot={state.snapshot}
          moment={moment}
        />
      );
    case 'request':
      return <RequestPage key={place.id} id={place.id} state={state} moment={moment} />;
  }
}

function Sidebar({ state, place, moment }: Pick<ViewProps, 'state' | 'place' | 'moment'>) {
  const providers = state.snapshot === undefined ? [] : shownProviders(state.snapshot, moment);
  const link = (to: Place, text: string, key: string) => (
    <a href={linkTo(to)} aria-current={to.view === place.view ? 'page' : undefined}>
      <span>{text}</span>
      <kbd>{key}</kbd>
    </a>
  );
  return (
    <nav class="side" aria-label="Inspector">
      <p class="brand">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 12h5m6-6h5m-5 12h5M9 12c4 0 2-6 6-6M9 12c4 0 2 6 6 6" />
          <circle cx="9" cy="12" r="2" />
        </svg>
        Inspector
      </p>
      {link({ view: 'overview' }, 'Overview', 'o')}
      {link({ view: 'requests' }, 'Requests', 'r')}
      {link({ view: 'events' }, 'Events', 'e')}
      {link({ view: 'balancer' }, 'Balancer', 'b')}
      <h2>Providers</h2>
      {providers.map(({ id, view }) => {
        const shown = (moment === undefined ? view?.state : moment.providers.get(id)?.state) ?? 'unknown';
        return (
          <a
            key={id}
            href={linkTo({ view: 'provider', id })}
            aria-current={place.view === 'provider' && place.id === id ? 'page' : undefined}
          >
            <i class={dotClass(shown)} aria-hidden="true" />
            <span class="ellipsis">{id}</span>
            <small>{outerState(shown)}</small>
          </a>
        );
      })}
      <p class="version">{state.snapshot === undefined ? '' : `Version ${state.snapshot.version}`}</p>
    </nav>
  );
}

function Connection({ state }: { state: State }) {
  const words = {
    connecting: 'connecting',
    live: state.snapshot?.phase === 'serving' ? 'live' : (state.snapshot?.phase ?? 'live'),
    lost: 'connection lost, trying again',
    signed_out: 'signed out',
  } as const;
  const isBack = state.cursor !== undefined && state.connection === 'live';
  return (
    <span class={`pill ${isBack ? 'warn' : state.connection}`} role="status">
      {isBack ? 'looking back' : words[state.connection]}
    </span>
  );
}

function titleOf(place: Place): string {
  switch (place.view) {
    case 'overview':
      return 'Overview';
    case 'requests':
      return 'Requests';
    case 'events':
      return 'Events';
    case 'balancer':
      return 'Balancer';
    case 'provider':
      return place.id;
    case 'request':
      return 'Request';
  }
}
