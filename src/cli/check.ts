import { type Diagnostic, hasErrors } from '../config/diagnostic.ts';
import { formatDiagnostics } from '../config/format.ts';
import { loadConfiguration } from '../config/load.ts';
import { showsColor, type World } from './world.ts';

/** `check [FILE]`: everything that is wrong with a configuration, at once. 1 if any of it is an error. */
export async function check(file: string | undefined, world: World): Promise<number> {
  const { cwd, home, env, stdout } = world;
  const result = await loadConfiguration({ cwd, home, env, ...(file === undefined ? {} : { path: file }) });
  const { diagnostics } = result;
  const text = formatDiagnostics(diagnostics, { color: showsColor(stdout, world), occasion: 'check' });
  if (text !== '') stdout.write(`${text}\n`);
  const failed = !result.ok || hasErrors(diagnostics, 'check');
  const found = result.ok ? result.configuration.file : diagnostics.find((each) => each.file)?.file;
  const name = found ?? 'the built-in default';
  if (failed) {
    stdout.write(`${name}: ${counted(diagnostics).join(', ') || 'it cannot be used'}\n`);
    return 1;
  }
  const { providers, routes } = result.configuration;
  const facts = [count(providers.length, 'provider'), count(routes.length, 'route'), ...counted(diagnostics)];
  stdout.write(`${name}: ok (${facts.join(', ')})\n`);
  return 0;
}

/** `2 errors`, `1 warning`: what there is of them. */
function counted(diagnostics: readonly Diagnostic[]): string[] {
  return (['error', 'warning'] as const).flatMap((severity) => {
    const many = diagnostics.filter((diagnostic) => diagnostic.check === severity).length;
    return many === 0 ? [] : [count(many, severity)];
  });
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}
