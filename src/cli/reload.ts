import type { LineOf } from './arguments.ts';
import { contact, printJson } from './ask.ts';
import { messageOf } from './balancer-client.ts';
import { EXIT } from './exit-codes.ts';
import type { World } from './world.ts';

/** `reload`: the running balancer reads its configuration again. 1: it refused, and goes on as before. */
export async function reload(line: LineOf<'reload'>, world: World): Promise<number> {
  const answer = await contact(line, 'POST', '/providers/reload', world);
  if (answer.kind === 'none') return answer.code;
  const { status, json } = answer;
  if (line.options.json === true) printJson(json, world);
  const { providers_count: all, healthy_providers: available, errors } = json;
  if (status === 200) {
    if (line.options.json !== true) {
      const facts = typeof all === 'number' ? `: ${available ?? '?'} of ${all} providers available` : '';
      world.stdout.write(`Reloaded${facts}.\n`);
    }
    return EXIT.ok;
  }
  const lines = Array.isArray(errors) ? errors.filter((each) => typeof each === 'string') : [];
  const told = lines.length > 0 ? lines : [messageOf(json) ?? `HTTP ${status}`];
  const last = 'The configuration was not taken over; the balancer goes on with the one before.';
  world.stderr.write(`${[...told, last].join('\n')}\n`);
  return EXIT.failed;
}
