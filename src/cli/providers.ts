import { nearest } from '../config/suggest.ts';
import { formatDuration, oneLine } from '../telemetry/format.ts';
import type { LineOf } from './arguments.ts';
import { contact, printJson } from './ask.ts';
import {
  cooldownOf,
  failuresOf,
  type HealthFacts,
  idOf,
  inFlightOf,
  lastErrorOf,
  type ProviderFacts,
  readBalancer,
  stateOf,
  successRateOf,
} from './balancer-view.ts';
import { EXIT } from './exit-codes.ts';
import { paint, type TableOptions } from './table.ts';
import { columnsOf, showsColor, type World } from './world.ts';
import { twoColumns } from './wrap.ts';

/** `providers [NAME]`: all that is known of them. */
export async function providers(line: LineOf<'providers'>, world: World): Promise<number> {
  const answer = await contact(line, 'GET', '/providers', world);
  if (answer.kind === 'none') return answer.code;
  const facts = readBalancer(answer.json);
  const raw: unknown = answer.json.providers;
  if (facts === undefined || !Array.isArray(raw)) {
    world.stderr.write(`The balancer at ${answer.address.url} tells nothing of its providers.\n`);
    return EXIT.failed;
  }
  const [name] = line.words;
  const chosen = facts.providers
    .map((provider, index) => ({ provider, json: raw[index] as unknown }))
    .filter(({ provider }) => name === undefined || [provider.name, idOf(provider)].includes(name));
  if (chosen.length === 0 && name !== undefined) {
    world.stderr.write(`${noSuchProvider(name, facts.providers.map(idOf))}\n`);
    return EXIT.failed;
  }
  if (line.options.json === true) {
    printJson(
      chosen.map(({ json }) => json),
      world,
    );
    return EXIT.ok;
  }
  const { stdout } = world;
  const options = { color: showsColor(stdout, world), columns: columnsOf(stdout) };
  stdout.write(chosen.map(({ provider }) => providerText(provider, options)).join('\n'));
  return EXIT.ok;
}

/** What to say of a name that no provider has. */
export function noSuchProvider(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const suggestion = near === undefined ? '' : ` Did you mean ${near}?`;
  const list = known.length === 0 ? 'There is none.' : `There are: ${known.join(', ')}.`;
  return `No provider is called ${JSON.stringify(name)}.${suggestion} ${list}`;
}

/** One provider, a line for each thing there is to tell. Pure. */
export function providerText(provider: ProviderFacts, options: TableOptions): string {
  const { text, color } = stateOf(provider);
  const title = `${paint(oneLine(idOf(provider)), 1, options.color)}  ${paint(text, color, options.color)}`;
  const rows = [
    ...told('why', provider.enabled === false ? undefined : provider.unservable),
    ...told('address', addressOf(provider)),
    ...told('account', provider.account_email),
    ...told('proxy', provider.proxy),
    ...told('weight', provider.weight === 1 ? undefined : provider.weight?.toString()),
    ...healthRows(provider),
    ...told('requests', requestsOf(provider)),
    ...told('first content', firstContentOf(provider)),
    ...provider.models.map(({ pattern, model, priority }): Row => {
      return ['route', `${pattern} → ${model} (priority ${priority})`];
    }),
    ...provider.pairs.flatMap((pair) => sideRows(`model ${pair.model}`, pair)),
    ...provider.learned.map(({ model, kind, name, since }): Row => {
      const rest = `for ${model}, since ${since}`;
      return kind === 'value' ? ['takes', `${name} ${rest}`] : ['goes without', `${kind} ${name} ${rest}`];
    }),
    ...provider.endpoints.flatMap((side) => sideRows(side.endpoint ?? 'endpoint', side)),
  ].map(([label, value]): Row => [label, oneLine(value)]);
  const width = options.columns ?? Number.POSITIVE_INFINITY;
  return [title, ...twoColumns(rows, width)].map((each) => `${each}\n`).join('');
}

type Row = readonly [label: string, value: string];

function told(label: string, value: string | null | undefined): Row[] {
  return value === undefined || value === null || value === '' ? [] : [[label, value]];
}

function addressOf({ base_url: url, type }: ProviderFacts): string | undefined {
  if (url === undefined || url === null) return undefined;
  return type === undefined || type === null ? url : `${url} (${type})`;
}

function healthRows(health: HealthFacts): Row[] {
  const { last_error: error, stated_until: stated, cooldown } = health;
  const left = cooldownOf(health);
  const until = cooldown?.until ? ` (until ${cooldown.until})` : '';
  const when = [error?.at, error?.request_id].filter((part) => part !== undefined && part !== null);
  return [
    ...told('failures', failuresOf(health)),
    ...told('cooldown', left === undefined ? undefined : `${left}${until}`),
    ...told('its own time', stated),
    ...told('last error', lastErrorOf(health)),
    ...told('', when.length === 0 ? undefined : when.join(', ')),
  ];
}

/** A model or an endpoint has a health of its own; one line is enough for it. */
function sideRows(label: string, health: HealthFacts): Row[] {
  const left = cooldownOf(health);
  const parts = [
    `failures ${failuresOf(health)}`,
    left === undefined ? undefined : `cooldown ${left}`,
    lastErrorOf(health),
  ];
  return [[label, parts.filter((part) => part !== undefined).join(', ')]];
}

function requestsOf(provider: ProviderFacts): string | undefined {
  const { requests } = provider;
  if (requests === undefined || requests === null) return undefined;
  const { attempts, successes, failures } = requests;
  const rate = successRateOf(provider);
  const served = `${successes ?? 0} served${rate === undefined ? '' : ` (${rate})`}`;
  const waiting = provider.waiting ? `, ${provider.waiting} waiting` : '';
  return `${attempts ?? 0} attempted, ${served}, ${failures ?? 0} failed, ${inFlightOf(provider) ?? 0} in flight${waiting}`;
}

function firstContentOf({ latency }: ProviderFacts): string | undefined {
  const times = latency?.time_to_first_content_ms;
  if (times === undefined || times === null) return undefined;
  return `after ${formatDuration(times.p50)} (half of the answers), ${formatDuration(times.p95)} (95 %)`;
}
