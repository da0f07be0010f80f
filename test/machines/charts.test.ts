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

function page(): string {
  const sections = CHARTS.flatMap(([title, about, machine]) => [
    `## ${title}`,
    '',
    about,
    '',
    '```mermaid',
    mermaid(machine),
    '```',
    '',
  ]);
  return [
    '# Statecharts',
    '',
    'Drawn from the definitions in `machines/`; `test/machines/charts.test.ts` fails when a chart and its picture differ.',
    'After a change of a chart, draw them anew with `npx vitest run test/machines/charts.test.ts -u`.',
    '',
    'An arrow says: event [guard]. `after x` is a timer; an arrow with a guard alone is taken as soon as it holds.',
    'Events that change no state are not drawn.',
    '',
    ...sections,
  ].join('\n');
}

it('docs/charts.md shows the charts as they are', async () => {
  await expect(page()).toMatchFileSnapshot('../../docs/charts.md');
});
