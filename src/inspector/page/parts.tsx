import type { ComponentChildren } from 'preact';
import type { RequestSummary } from '../../domain/inspection/inspection.ts';
import { outerState } from './format.ts';

/** Small pieces that several views show. */

const STATE_TONES: Readonly<Record<string, string>> = {
  healthy: 'good',
  degraded: 'warn',
  trial: 'warn',
  cooling: 'bad',
  disabled: 'off',
  serving: 'good',
  starting: 'warn',
  draining: 'warn',
  waking: 'off',
};

export function toneOf(state: string): string {
  return STATE_TONES[outerState(state)] ?? 'off';
}

export function dotClass(state: string): string {
  return `dot ${toneOf(state)}`;
}

export function StateBadge({ state }: { readonly state: string }) {
  return (
    <span class={`badge ${toneOf(state)}`}>
      <i class={dotClass(state)} aria-hidden="true" />
      {state.replaceAll('.', ' · ').replaceAll('_', ' ')}
    </span>
  );
}

const RESULT_TONES: Readonly<Record<string, string>> = {
  served: 'good',
  running: 'live',
  local: 'off',
  cancelled: 'off',
  refused: 'warn',
};

export function ResultBadge({ result }: { readonly result: RequestSummary['result'] }) {
  return <span class={`badge ${RESULT_TONES[result] ?? 'bad'}`}>{result}</span>;
}

/** Stands for a figure that is not known of the moment that is shown. */
export function Unknown() {
  return (
    <span class="unknown" title="Not known of that moment: what it would be made of is no longer kept.">
      not known
    </span>
  );
}

export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The head of an arrow, for an SVG's `defs`. `size`: CSS px */
export function Tip({
  id,
  tone,
  size,
}: {
  readonly id: string;
  readonly tone: string;
  readonly size: number;
}) {
  return (
    <marker
      id={id}
      class={`tip ${tone}`}
      viewBox="0 0 8 8"
      refX="7"
      refY="4"
      markerUnits="userSpaceOnUse"
      markerWidth={size}
      markerHeight={size}
      orient="auto"
    >
      <path d="M0 0.8 L7.4 4 L0 7.2 Z" />
    </marker>
  );
}
