import { resolve } from 'node:path';
import { hasErrors } from '../config/diagnostic.ts';
import { TODAY } from '../config/dialects/dialect.ts';
import { formatDiagnostics } from '../config/format.ts';
import { migrateFile } from '../config/load.ts';
import type { LineOf } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { showsColor, type World } from './world.ts';
import { writeConfiguration } from './write-file.ts';

/** `migrate [FILE]`: the file in today's form. 1: it cannot be, or what it says has errors. */
export async function migrate(line: LineOf<'migrate'>, world: World): Promise<number> {
  const { cwd, home, env, stdout, stderr } = world;
  const [file] = line.words;
  const { output = '-', force = false } = line.options;
  const result = await migrateFile({ cwd, home, env, ...(file !== undefined && { path: file }) });
  const told = formatDiagnostics(result.diagnostics, {
    color: showsColor(stderr, world),
    occasion: 'check',
  });
  if (told !== '') stderr.write(`${told}\n`);
  if (!result.ok) return EXIT.failed;
  if (output === '-') {
    stdout.write(result.text);
  } else {
    const path = resolve(cwd, output);
    const mistake = await writeConfiguration(path, result.text, force);
    if (mistake !== undefined) {
      stderr.write(`${mistake}\n`);
      return EXIT.failed;
    }
    stderr.write(`Written: ${path}\n`);
  }
  const { dialect, nowErrors } = result;
  stderr.write(dialect === TODAY ? 'It has today’s form already.\n' : `It was a file of ${dialect}.\n`);
  if (nowErrors.length > 0)
    stderr.write(`In today’s form check calls these warnings errors: ${nowErrors.join(', ')}.\n`);
  return hasErrors(result.diagnostics, 'start') ? EXIT.failed : EXIT.ok;
}
