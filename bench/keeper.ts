/** Runs somebody else's program and ends it when it ends itself: the program has no channel that would tell it. */
import { spawn } from 'node:child_process';

/** What the keeper tells of its program first. */
export type Kept = { readonly pid: number } | { readonly missing: true };

function tell(kept: Kept): void {
  process.send?.(kept);
}

const [command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
child.once('spawn', () => tell({ pid: child.pid ?? 0 }));
child.once('error', () => tell({ missing: true }));
child.once('exit', (code) => process.exit(code ?? 0));
process.once('SIGTERM', () => child.kill('SIGTERM'));
