import { counted, formatDuration } from '../telemetry/format.ts';
import type { LineOf } from './arguments.ts';
import { contact, printJson } from './ask.ts';
import {
  type BalancerFacts,
  cooldownOf,
  failuresOf,
  idOf,
  inFlightOf,
  isAvailable,
  lastErrorOf,
  type ProviderFacts,
  readBalancer,
  stateOf,
  successRateOf,
} from './balancer-view.ts';
import { EXIT } from './exit-codes.ts';
import { type Cell, type Column, paint, renderTable, type TableOptions } from './table.ts';
import { columnsOf, showsColor, type World } from './world.ts';

/** On a narrow terminal the last error goes last: it is what one looks for. */
const COLUMNS: readonly Column[] = [
  { title: '', least: 1 },
  { title: 'PROVIDER', least: 8 },
  { title: 'STATE' },
  { title: 'FAILURES', align: 'right', leaves: 4 },
  { title: 'COOLDOWN', align: 'right', leaves: 6 },
  { title: 'IN FLIGHT', align: 'right', leaves: 3 },
  { title: 'ATTEMPTS', align: 'right', leaves: 2 },
  { title: 'SUCCESS', align: 'right', leaves: 5 },
  { title: 'FIRST CONTENT', align: 'right', leaves: 1 },
  { title: 'LAST ERROR', least: 20, leaves: 7 },
];

/** `status`: the running balancer in a table. */
export async function status(line: LineOf<'status'>, world: World): Promise<number> {
  const answer = await contact(line, 'GET', '/providers', world);
  if (answer.kind === 'none') return answer.code;
  const { url } = answer.address;
  if (line.options.json === true) {
    printJson({ running: true, url, ...answer.json }, world);
    return EXIT.ok;
  }
  const facts = readBalancer(answer.json);
  if (facts === undefined) {
    world.stderr.write(`The balancer at ${url} tells nothing of its providers.\n`);
    return EXIT.failed;
  }
  const { stdout } = world;
  const options = { color: showsColor(stdout, world), columns: columnsOf(stdout) };
  stdout.write(statusText(facts, url, options));
  return EXIT.ok;
}

/** A column that only some commands show, before the last error. */
export interface ExtraColumn {
  readonly column: Column;
  readonly textOf: (provider: ProviderFacts) => string | undefined;
}

/** The headline, the table, and what does not fit into a table. Pure. */
export function statusText(
  facts: BalancerFacts,
  url: string,
  options: TableOptions,
  extra: readonly ExtraColumn[] = [],
): string {
  const { providers } = facts;
  const headline = [
    `${facts.phase ?? 'running'} at ${url}`,
    `${providers.filter(isAvailable).length} of ${counted(providers.length, 'provider')} available`,
    ...(facts.in_flight === undefined || facts.in_flight === null
      ? []
      : [`${counted(facts.in_flight, 'request')} in flight`]),
    ...(facts.selection_strategy ? [`strategy ${facts.selection_strategy}`] : []),
  ].join(', ');
  const rows = providers.map((provider) => row(provider, facts.current_provider ?? undefined, extra));
  const columns = [...COLUMNS.slice(0, -1), ...extra.map(({ column }) => column), ...COLUMNS.slice(-1)];
  const reasons = providers.flatMap(unusableLine);
  return [
    `${paint(headline, 1, options.color)}\n\n`,
    renderTable(columns, rows, options),
    ...(reasons.length === 0 ? [] : ['\n', ...reasons]),
  ].join('');
}

function row(
  provider: ProviderFacts,
  current: string | undefined,
  extra: readonly ExtraColumn[],
): readonly Cell[] {
  const { requests, latency } = provider;
  const state = stateOf(provider);
  const first = latency?.time_to_first_content_ms?.p50;
  const cells: readonly (string | number | null | undefined)[] = [
    failuresOf(provider),
    cooldownOf(provider),
    inFlightOf(provider),
    requests?.attempts,
    successRateOf(provider),
    first === undefined ? undefined : formatDuration(first),
    ...extra.map(({ textOf }) => textOf(provider)),
    lastErrorOf(provider),
  ];
  return [
    // Who served the last request.
    { text: idOf(provider) === current ? '›' : '' },
    { text: idOf(provider) },
    state,
    ...cells.map((text) => ({ text: text === undefined || text === null ? '–' : String(text) })),
  ];
}

function unusableLine(provider: ProviderFacts): readonly string[] {
  const { enabled, unservable } = provider;
  if (enabled === false || unservable === undefined || unservable === null) return [];
  return [`${idOf(provider)} is not used: ${unservable}\n`];
}
