import type { LineOf } from './arguments.ts';
import { type BalancerAddress, locateBalancer } from './balancer-address.ts';
import { type Asked, askBalancer } from './balancer-client.ts';
import { EXIT } from './exit-codes.ts';
import { seeHelp } from './help.ts';
import type { World } from './world.ts';

type Json = Readonly<Record<string, unknown>>;

/** The commands that ask the running balancer. */
export type AskingLine = LineOf<
  'status' | 'top' | 'providers' | 'reload' | 'cool' | 'reset' | 'forget' | 'disable' | 'enable'
>;

/** A running balancer that answered, or the exit code after it was said why there is none. */
export type Contact =
  | {
      readonly kind: 'answer';
      readonly address: BalancerAddress;
      readonly status: number;
      readonly json: Json;
    }
  | { readonly kind: 'none'; readonly code: number };

/** Finds the running balancer and asks it. Where that fails, says so, for scripts too. */
export async function contact(
  line: AskingLine,
  method: 'GET' | 'POST',
  path: string,
  world: World,
): Promise<Contact> {
  const { url, config } = line.options;
  const located = await locateBalancer(
    { ...(url !== undefined && { url }), ...(config !== undefined && { config }) },
    world,
  );
  if (located.kind === 'usage') {
    world.stderr.write(`${located.message}\n${seeHelp(line.command)}\n`);
    return { kind: 'none', code: EXIT.usage };
  }
  if (located.kind === 'unknown') return none(line, undefined, located.message, EXIT.notRunning, world);
  const { address } = located;
  const asked: Asked = await askBalancer(address, method, path);
  if (asked.kind === 'answer') {
    return { kind: 'answer', address, status: asked.status, json: asked.json };
  }
  const code = asked.kind === 'absent' ? EXIT.notRunning : EXIT.failed;
  return none(line, address.url, asked.message, code, world);
}

/** Prints a value as JSON, for scripts. */
export function printJson(value: unknown, world: World): void {
  world.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function none(
  line: AskingLine,
  url: string | undefined,
  message: string,
  code: number,
  world: World,
): Contact {
  if ('json' in line.options && line.options.json === true) {
    printJson({ running: code !== EXIT.notRunning, url: url ?? null, message }, world);
  }
  world.stderr.write(`${message}\n`);
  return { kind: 'none', code };
}
