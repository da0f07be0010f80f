import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { balancerMachine } from '../../machines/balancer.ts';
import { providerMachine } from '../../machines/provider.ts';
import { requestMachine } from '../../machines/request.ts';
import { mermaid } from '../support/mermaid.ts';

const CHARTS: readonly (readonly [title: string, about: string, machine: AnyStateMachine])[] = [
  [
    'Provider',
    "One provider's health: `machines/provider.ts`. A provider is healthy, degraded by counted failures, cooling, or on trial after its cooldown.",
    providerMachine,
  ],
  [
    'Request',
    'One request: `machines/request.ts`. The commit is the arrow from attempting to streaming, and none leads back.',
    requestMachine,
  ],
  [
    'Balancer',
    'The root of the provider system: `machines/balancer.ts`. It spawns, updates, retires and restarts the providers, and drains.',
    balancerMachine,
  ],
];

const PAGE = '../../docs/architecture.md';
const HEAD = '<!-- charts -->\n';
const TAIL = '<!-- end -->';

/** The page as it is, with the charts drawn anew. */
function page(): string {
  const text = readFileSync(new URL(PAGE, import.meta.url), 'utf8');
  const [before = '', after = ''] = text.split(HEAD);
  const sections = CHARTS.flatMap(([title, about, machine]) => [
    `### ${title}`,
    '',
    about,
    '',
    '```mermaid',
    mermaid(machine),
    '```',
    '',
  ]);
  return [before, HEAD, sections.join('\n'), after.slice(after.indexOf(TAIL))].join('');
}

it('docs/architecture.md shows the charts as they are', async () => {
  await expect(page()).toMatchFileSnapshot(PAGE);
});
