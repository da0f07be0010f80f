import type { Configuration } from '../domain/settings/settings.ts';
import { type BalancerAddress, type FindOptions, locateBalancer } from './balancer-address.ts';
import { askBalancer } from './balancer-client.ts';
import { type BalancerFacts, idOf, readBalancer } from './balancer-view.ts';
import { EXIT } from './exit-codes.ts';
import { hasPassthrough, type OpenGate } from './gate.ts';
import { seeHelp } from './help.ts';
import { startTemporary } from './run-temporary.ts';
import { TEMPORARY } from './serve.ts';
import type { World } from './world.ts';

/** The running balancer, or a new one; at an address that `--url` names, only that one. */
export async function openGate(options: FindOptions, world: World): Promise<OpenGate> {
  const { ANTHROPIC_BASE_URL: _, ...rest } = world.env;
  // Where the client was sent before, or else where our own configuration says.
  for (const env of [world.env, rest]) {
    const located = await locateBalancer(options, { ...world, env });
    if (located.kind === 'usage') {
      return { kind: 'none', code: EXIT.usage, message: `${located.message}\n${seeHelp('run')}` };
    }
    if (located.kind === 'unknown') continue;
    const found = await use(located.address);
    if (found.kind === 'open') return found;
    if (options.url !== undefined) return found;
  }
  return startTemporary(options.config, world);
}

async function use(address: BalancerAddress): Promise<OpenGate> {
  const asked = await askBalancer(address, 'GET', '/providers');
  const facts = asked.kind === 'answer' ? readBalancer(asked.json) : undefined;
  if (facts === undefined) {
    const message =
      asked.kind === 'answer' ? `What answers at ${address.url} is no balancer.` : asked.message;
    return { kind: 'none', code: EXIT.noBalancer, message };
  }
  if (await isTemporary(address)) {
    const message = `The balancer at ${address.url} ends with the program that it was started for.`;
    return { kind: 'none', code: EXIT.noBalancer, message };
  }
  const key = asked.kind === 'answer' ? asked.key : undefined;
  return {
    kind: 'open',
    gate: {
      url: address.url,
      ...(key !== undefined && facts.settings?.auth_enabled === true && { key }),
      passthrough: mayPassThrough(address.configuration, facts),
    },
    close: async () => undefined,
  };
}

async function isTemporary(address: BalancerAddress): Promise<boolean> {
  const asked = await askBalancer(address, 'GET', '/');
  if (asked.kind !== 'answer') return false;
  const { version } = asked.json;
  return typeof version === 'string' && version.endsWith(TEMPORARY);
}

/**
 * Whether the client's own credentials may be wanted. What a running balancer does with them is not shown; our
 * configuration tells if it is the same one, else they are left as they are.
 */
function mayPassThrough(configuration: Configuration | undefined, facts: BalancerFacts): boolean {
  const ids = (list: readonly string[]): string => [...list].sort().join('\n');
  const same =
    configuration !== undefined &&
    ids(configuration.providers.map(({ id }) => id)) === ids(facts.providers.map(idOf));
  return !same || hasPassthrough(configuration);
}
