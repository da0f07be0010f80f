import { COMMAND_NAMES, type CommandName, commandSpec } from './commands.ts';
import { commandsWith, optionWords, PROVIDER_NAMES, valueOptions } from './completion-words.ts';
import { PROGRAM } from './help.ts';
import { optionSpec } from './options.ts';

/** The completion of bash 3.2 and later. */
export function bashCompletion(): string {
  const files = valueOptions((name) => optionSpec(name).file === true);
  const others = valueOptions((name) => optionSpec(name).file !== true);
  return `# bash completion of ${PROGRAM}
_claude_code_balancer_offer() {
  local word
  while IFS= read -r word; do
    [[ -n "$word" ]] && COMPREPLY+=("$word")
  done
}

_claude_code_balancer_names() {
  local name
  ${PROVIDER_NAMES} | while IFS= read -r name; do
    [[ "$name" == "$1"* ]] && printf '%q\\n' "$name"
  done
}

_claude_code_balancer() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}" command="" at=0 i
  COMPREPLY=()
  if [[ "$before" == "=" ]]; then before="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
  if [[ "$current" == "=" ]]; then current=""; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${COMMAND_NAMES.join(' | ')})
        command="\${COMP_WORDS[i]}"
        at=$i
        break
        ;;
    esac
  done
  case "$command" in
    ${commandsWith('program').join(' | ')})
      for ((i = at + 1; i < COMP_CWORD; i++)); do
        if [[ "\${COMP_WORDS[i]}" == "--" ]] && declare -F _command_offset >/dev/null; then
          _command_offset $((i + 1))
          return
        fi
      done
      ;;
  esac
  case "$before" in
    ${files.join(' | ')})
      compopt -o filenames 2>/dev/null
      _claude_code_balancer_offer < <(compgen -f -- "$current")
      return
      ;;
    ${others.join(' | ')})
      return
      ;;
  esac
  case "$command" in
${(['', ...COMMAND_NAMES] as const).map(branch).join('\n')}
  esac
}

complete -F _claude_code_balancer ${PROGRAM}
`;
}

function branch(name: CommandName | ''): string {
  const options = optionWords(name === '' ? 'start' : name).join(' ');
  const words = name === '' ? offered(COMMAND_NAMES) : argumentOf(name);
  return `    ${name === '' ? '""' : name})
      if [[ "$current" == -* ]]; then
        ${offered(options.split(' '))}
      else
        ${words}
      fi
      ;;`;
}

function argumentOf(name: CommandName): string {
  const { argument } = commandSpec(name);
  if (argument === undefined) return ':';
  const { is } = argument;
  if (is === 'file') {
    return `compopt -o filenames 2>/dev/null
        _claude_code_balancer_offer < <(compgen -f -- "$current")`;
  }
  if (is === 'program') return '_claude_code_balancer_offer < <(compgen -c -- "$current")';
  if (is === 'provider') {
    return '_claude_code_balancer_offer < <(_claude_code_balancer_names "$current")';
  }
  return offered(is === 'command' ? COMMAND_NAMES : is);
}

function offered(words: readonly string[]): string {
  return `_claude_code_balancer_offer < <(compgen -W "${words.join(' ')}" -- "$current")`;
}
