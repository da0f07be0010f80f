import { hasErrors } from '../config/diagnostic.ts';
import { formatDiagnostics } from '../config/format.ts';
import { loadConfiguration } from '../config/load.ts';
import { showsColor, type World } from './world.ts';

/** `check [FILE]`: everything that is wrong with a configuration, at once. 1 if any of it is an error. */
export async function check(file: string | undefined, world: World): Promise<number> {
  const { cwd, home, env, stdout } = world;
  const result = await loadConfiguration({ cwd, home, env, ...(file === undefined ? {} : { path: file }) });
  const color = showsColor(stdout, world);
  const text = formatDiagnostics(result.diagnostics, { color, occasion: 'check' });
  if (text !== '') stdout.write(`${text}\n`);
  const failed = !result.ok || hasErrors(result.diagnostics, 'check');
  if (result.ok) {
    const { configuration } = result;
    const name = configuration.file ?? 'the built-in default';
    const counts = `${configuration.providers.length} providers, ${configuration.routes.length} routes`;
    stdout.write(failed ? `${name}: has errors (${counts})\n` : `${name}: ok (${counts})\n`);
  }
  return failed ? 1 : 0;
}
