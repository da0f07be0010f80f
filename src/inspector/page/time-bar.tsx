import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { clock } from './format.ts';
import { step, stepToChange } from './keys.ts';
import { isProviderChange } from './moments.ts';
import { toneOf } from './parts.tsx';
import type { State, Store } from './store.ts';

/** Changes of providers that are drawn, the newest ones. */
const MAX_MARKS = 400;

/** Pause, and go back through what is kept: every view shows that moment. */
export function TimeBar({ state, store }: { readonly state: State; readonly store: Store }) {
  const { events, cursor } = state;
  const first = events[0]?.seq ?? 0;
  const last = events.at(-1)?.seq ?? 0;
  const isLive = cursor === undefined;
  const at = isLive ? last : cursor;
  const shown = events[at - first];
  const marks = useMemo(
    () =>
      events
        .filter(isProviderChange)
        .slice(-MAX_MARKS)
        .map(({ seq, provider, model }) => ({
          seq,
          place: last === first ? 0 : ((seq - first) / (last - first)) * 100,
          tone:
            provider.models?.some((each) => each.model === model) === true ? 'warn' : toneOf(provider.state),
        })),
    [events, first, last],
  );
  const words = shown === undefined ? 'nothing yet' : `event ${at} of ${last}, ${clock(shown.at, true)}`;
  return (
    <section class={`time-bar ${isLive ? '' : 'back'}`} aria-label="Time">
      <button
        type="button"
        class={isLive ? '' : 'primary'}
        disabled={events.length === 0}
        onClick={() => store.look(isLive ? last : undefined)}
        aria-keyshortcuts="Space"
      >
        {isLive ? 'Pause' : 'Back to now'}
      </button>
      <StepButton name="Previous change of a provider" hint="[" go={() => stepToChange(store, -1)}>
        «
      </StepButton>
      <StepButton name="One event back" hint="←" go={() => step(store, -1)}>
        ‹
      </StepButton>
      <div class="scrubber">
        <svg class="marks" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
          {marks.map(({ seq, place, tone }) => (
            <line
              key={seq}
              class={tone}
              x1={place}
              x2={place}
              y1="0"
              y2="10"
              vector-effect="non-scaling-stroke"
            />
          ))}
        </svg>
        <input
          type="range"
          aria-label="Moment"
          aria-valuetext={words}
          min={first}
          max={Math.max(first + 1, last)}
          value={at}
          disabled={events.length === 0}
          onInput={(event) => store.look(Number(event.currentTarget.value))}
        />
      </div>
      <StepButton name="One event on" hint="→" disabled={isLive} go={() => step(store, 1)}>
        ›
      </StepButton>
      <StepButton
        name="Next change of a provider"
        hint="]"
        disabled={isLive}
        go={() => stepToChange(store, 1)}
      >
        »
      </StepButton>
      <output class="when">
        <b>{shown === undefined ? '–' : clock(shown.at, !isLive)}</b>
        <small>{isLive ? 'now' : `event ${at} of ${last}`}</small>
      </output>
    </section>
  );
}

interface StepButtonProps {
  readonly name: string;
  /** The key that does the same. */
  readonly hint: string;
  readonly disabled?: boolean;
  readonly go: () => void;
  readonly children: ComponentChildren;
}

function StepButton({ name, hint, disabled = false, go, children }: StepButtonProps) {
  return (
    <button
      type="button"
      class="icon"
      aria-label={name}
      title={`${name} (${hint})`}
      disabled={disabled}
      onClick={go}
    >
      {children}
    </button>
  );
}
