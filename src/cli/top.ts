import { setTimeout as pause } from 'node:timers/promises';
import type { LineOf } from './arguments.ts';
import { contact } from './ask.ts';
import { readBalancer } from './balancer-view.ts';
import { EXIT } from './exit-codes.ts';
import { statusText } from './status.ts';
import { hourView } from './top-hour.ts';
import { recentText } from './top-recent.ts';
import { columnsOf, showsColor, type World } from './world.ts';

/** Between two looks, ms. */
const EVERY_MS = 1_000;
const CLEAR = '\u001b[H\u001b[2J';
const OTHER_SCREEN = '\u001b[?1049h\u001b[?25l';
const OWN_SCREEN = '\u001b[?25h\u001b[?1049l';

/** `top`: providers, the last hour and the last requests, anew every second, until Ctrl-C or q. Where it is no terminal: once. */
export async function top(line: LineOf<'top'>, world: World): Promise<number> {
  const { stdout } = world;
  const isLive = stdout.isTTY === true;
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  const leave = isLive ? begin(world, stop) : () => {};
  try {
    for (;;) {
      const screen = await look(line, world);
      if (typeof screen === 'number') {
        leave();
        return screen;
      }
      stdout.write(isLive ? CLEAR + fitted(screen, stdout.rows) : screen);
      if (!isLive) return EXIT.ok;
      await pause(EVERY_MS, undefined, { signal: stopped.signal });
    }
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
    return EXIT.ok;
  } finally {
    leave();
  }
}

/** What there is to see now, or the exit code after it was said why there is nothing. */
async function look(line: LineOf<'top'>, world: World): Promise<string | number> {
  const answer = await contact(line, 'GET', '/providers', world);
  if (answer.kind === 'none') return answer.code;
  const facts = readBalancer(answer.json);
  const { url } = answer.address;
  if (facts === undefined) {
    world.stderr.write(`The balancer at ${url} tells nothing of its providers.\n`);
    return EXIT.failed;
  }
  const options = { color: showsColor(world.stdout, world), columns: columnsOf(world.stdout) };
  const quiet = silent(world);
  const [snapshot, requests] = await Promise.all([
    contact(line, 'GET', '/inspector/snapshot?history=0', quiet),
    contact(line, 'GET', '/inspector/requests?limit=30', quiet),
  ]);
  const hour = hourView(snapshot.kind === 'answer' ? snapshot.json : undefined, options);
  const recent = requests.kind === 'answer' ? recentText(requests.json, options) : '';
  return statusText(facts, url, options, hour.columns) + hour.text + recent;
}

/** The same world, to which nothing is said: without the inspector there is the table alone. */
function silent(world: World): World {
  const stderr = Object.assign(Object.create(world.stderr), { write: () => true }) as NodeJS.WriteStream;
  // No copy: that would open its stdin.
  return Object.create(world, { stderr: { value: stderr } }) as World;
}

function fitted(screen: string, rows: number | undefined): string {
  return screen
    .split('\n')
    .slice(0, Math.max(5, (rows ?? 40) - 1))
    .join('\n');
}

/** Takes the terminal's other screen and listens for the end; what it gives back puts everything as it was. */
function begin({ stdin, stdout }: World, stop: () => void): () => void {
  stdout.write(OTHER_SCREEN);
  const press = (data: Buffer): void => {
    const key = data.toString();
    if (key === 'q' || key === '\u0003' || key === '\u001b') stop();
  };
  const isTerminal = stdin.isTTY === true;
  if (isTerminal) {
    stdin.setRawMode(true);
    stdin.on('data', press);
    stdin.resume();
  }
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  let left = false;
  return () => {
    if (left) return;
    left = true;
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    if (isTerminal) {
      stdin.off('data', press);
      stdin.setRawMode(false);
      stdin.pause();
    }
    stdout.write(OWN_SCREEN);
  };
}
