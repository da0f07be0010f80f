import { COMMAND_NAMES, type CommandName, commandSpec, optionsOf } from './commands.ts';
import { PROVIDER_NAMES } from './completion-words.ts';
import { PROGRAM } from './help.ts';
import { type OptionName, optionSpec } from './options.ts';

/** The completion of fish 3. */
export function fishCompletion(): string {
  return `# fish completion of ${PROGRAM}
function __claude_code_balancer_names
    ${PROVIDER_NAMES}
end

complete -c ${PROGRAM} -f
${COMMAND_NAMES.flatMap(commandLines).join('\n')}
`;
}

function commandLines(name: CommandName): readonly string[] {
  const { about } = commandSpec(name);
  const within = `complete -c ${PROGRAM} -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
  return [
    `complete -c ${PROGRAM} -n __fish_use_subcommand -a ${name} -d ${quoted(about)}`,
    ...optionsOf(name).map(([option, text]) => `${within} ${optionOf(option)} -d ${quoted(text)}`),
    ...argumentOf(name).map((argument) => `${within} ${argument}`),
  ];
}

function optionOf(name: OptionName): string {
  const { kind, short, file } = optionSpec(name);
  const letter = short === undefined ? '' : ` -s ${short}`;
  const value = kind === 'switch' ? '' : ` -r${file === true ? ' -F' : ''}`;
  return `-l ${name}${letter}${value}`;
}

function argumentOf(name: CommandName): readonly string[] {
  const is = commandSpec(name).argument?.is;
  if (is === undefined) return [];
  if (is === 'file') return ['-F'];
  if (is === 'provider') return [`-a '(__claude_code_balancer_names)'`];
  if (is === 'program') return [`-a '(__fish_complete_subcommand --fcs-skip=2)'`];
  return [`-a ${quoted((is === 'command' ? COMMAND_NAMES : is).join(' '))}`];
}

/** Fish has two escapes within single quotes. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
