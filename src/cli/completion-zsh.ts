import { COMMAND_NAMES, type CommandName, commandSpec, optionsOf } from './commands.ts';
import { PROVIDER_NAMES, singleQuoted } from './completion-words.ts';
import { PROGRAM } from './help.ts';
import { type OptionName, optionSpec } from './options.ts';

/** The completion of zsh: to be found in its `fpath`, or sourced. */
export function zshCompletion(): string {
  const commands = COMMAND_NAMES.map((name) => described(name, commandSpec(name).about)).map(
    (line) => `    ${singleQuoted(line)}`,
  );
  return `#compdef ${PROGRAM}
_claude_code_balancer_commands() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  _describe -t commands command commands
}

_claude_code_balancer_providers() {
  local -a names
  names=("\${(@f)$(${PROVIDER_NAMES})}")
  compadd -a names
}

_claude_code_balancer() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C '1: :_claude_code_balancer_commands' '*:: :->rest'
  [[ "$state" == rest ]] || return
  case "$line[1]" in
${COMMAND_NAMES.map(branch).join('\n')}
  esac
}

if [[ "$funcstack[1]" == _${PROGRAM} ]]; then
  _claude_code_balancer "$@"
else
  compdef _claude_code_balancer ${PROGRAM}
fi
`;
}

function branch(name: CommandName): string {
  const specs = [...optionsOf(name).map(([option, about]) => optionOf(option, about)), ...argumentOf(name)];
  return `    ${name})
      _arguments ${specs.map((spec) => `\\\n        ${spec}`).join(' ')}
      ;;`;
}

/** `'(-c --config)'{-c,--config}'[about]:FILE:_files'` */
function optionOf(name: OptionName, about: string): string {
  const { kind, short, value, file } = optionSpec(name);
  const action = kind === 'switch' ? '' : `:${value ?? ''}:${file === true ? '_files' : ''}`;
  const text = singleQuoted(`[${escaped(about)}]${action}`);
  if (kind === 'texts') return `'*'--${name}${text}`;
  return short === undefined ? `--${name}${text}` : `'(-${short} --${name})'{-${short},--${name}}${text}`;
}

function argumentOf(name: CommandName): readonly string[] {
  const { argument } = commandSpec(name);
  if (argument === undefined) return [];
  if (argument.most === 'command line') return [`'*::${argument.name}:_normal'`];
  const many = argument.most === 'many' ? '*' : '1';
  return [singleQuoted(`${many}:${argument.name}:${actionOf(argument.is)}`)];
}

function actionOf(is: NonNullable<ReturnType<typeof commandSpec>['argument']>['is']): string {
  if (is === 'file') return '_files';
  if (is === 'provider') return '_claude_code_balancer_providers';
  if (is === 'command') return `(${COMMAND_NAMES.join(' ')})`;
  return typeof is === 'string' ? '' : `(${is.join(' ')})`;
}

function described(word: string, about: string): string {
  return `${word}:${about.replaceAll(':', '\\:')}`;
}

function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}
