import { oneLine } from '../telemetry/format.ts';
import type { LineOf } from './arguments.ts';
import { contact, printJson } from './ask.ts';
import { messageOf } from './balancer-client.ts';
import { idOf, readBalancer } from './balancer-view.ts';
import { EXIT } from './exit-codes.ts';
import { noSuchProvider } from './providers.ts';
import type { World } from './world.ts';

type OperatingLine = LineOf<'cool' | 'reset' | 'forget' | 'disable' | 'enable'>;

/** `cool`, `reset`, `forget`, `disable` and `enable`, for each provider that is named. 1: one of them is not there. */
export async function operate(line: OperatingLine, world: World): Promise<number> {
  const results: unknown[] = [];
  let code: number = EXIT.ok;
  for (const name of line.words) {
    const answer = await contact(
      line,
      'POST',
      `/providers/${encodeURIComponent(name)}/${line.command}`,
      world,
    );
    if (answer.kind === 'none') return answer.code;
    const { status, json } = answer;
    if (status !== 200) {
      code = EXIT.failed;
      const message = status === 404 ? await unknown(name, line, world) : undefined;
      world.stderr.write(`${message ?? messageOf(json) ?? `HTTP ${status}`}\n`);
    } else if (line.options.json === true) {
      results.push(json);
    } else {
      world.stdout.write(`${oneLine(messageOf(json) ?? `${name}: done`)}\n`);
    }
  }
  if (line.options.json === true) printJson(results, world);
  return code;
}

/** The names that there are, with the nearest one. */
async function unknown(name: string, line: OperatingLine, world: World): Promise<string | undefined> {
  const answer = await contact(line, 'GET', '/providers', world);
  const facts = answer.kind === 'answer' ? readBalancer(answer.json) : undefined;
  return facts && noSuchProvider(name, facts.providers.map(idOf));
}
