import { parseArgs } from 'node:util';
import { PART_NAMES, type PartName, partLines } from './parts.ts';

export const HELP = `npm run bench -- [options]

What the balancer costs, as ratios to a bare byte pipe of the same run, and beside nginx where that is installed.
Full: ten minutes.

  --quick             two minutes, less exact: much code is not compiled yet, ratios come out higher
  --only PART[,PART]  these parts alone
  --assert            exit code 1 if a limit is exceeded
  --json FILE         write the findings there too
  --profile DIR       write a CPU profile of the balancer there
  --help              this text

Parts:
${partLines('  ')}

Exit code: 0; 1 with --assert if a limit is exceeded; 2 if nothing could be measured.
`;

/** What a run was asked for. */
export interface Options {
  readonly quick: boolean;
  readonly parts: readonly PartName[];
  readonly assert: boolean;
  readonly json: string | undefined;
  readonly profiles: string | undefined;
  readonly help: boolean;
}

/** The options of these arguments; of mistyped ones a text that says what is wrong. */
export function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        assert: { type: 'boolean', default: false },
        json: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const { quick, only, assert, json, profile, help } = values;
    const asked = only === undefined ? PART_NAMES : only.split(',').map((name) => name.trim());
    const unknown = asked.filter((name) => !(PART_NAMES as readonly string[]).includes(name));
    if (unknown.length > 0) {
      return `--only: there is no part "${unknown[0]}"; the parts are ${PART_NAMES.join(', ')}`;
    }
    return { quick, parts: asked as readonly PartName[], assert, json, profiles: profile, help };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
