import { type CommanderCommand } from './terminal-command.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

/**
 * The script that completes commands and flags in a shell. It holds them all, and runs no program: nest-commander's would start
 * one at each press of the Tab key, and has none for fish.
 */
export function completionScript(program: CommanderCommand, shell: Shell): string {
  if (shell === 'fish') return fishScript(program);
  const setUp = shell === 'zsh' ? ZSH_SET_UP : '';
  return setUp + bashScript(program);
}

/** What takes bash's scripts in zsh, and what that needs. */
const ZSH_SET_UP = `autoload -U compinit bashcompinit
(( $+functions[compdef] )) || compinit
bashcompinit
`;

/** A command, and the names of those that lead to it. */
interface Place {
  readonly names: readonly string[];
  readonly command: CommanderCommand;
}

/** The program itself and all that is below it. */
function placesIn(command: CommanderCommand, names: readonly string[] = []): Place[] {
  return [
    { names, command },
    ...command.commands.flatMap((child) => placesIn(child, [...names, child.name()])),
  ];
}

function flagsOf(command: CommanderCommand): string[] {
  return [...command.options.flatMap(({ long }) => long ?? []), '--help'];
}

/** Where no name of a command or flag fits, bash completes the names of files. */
function bashScript(program: CommanderCommand): string {
  const places = placesIn(program);
  const withValue = new Set(
    places.flatMap(({ command }) =>
      command.options.flatMap(({ long, required }) => (required && long ? [long] : [])),
    ),
  );
  const cases = places.map(
    ({ names, command }) =>
      `    '${names.map((name) => `/${name}`).join('')}') ` +
      `below='${command.commands.map((child) => child.name()).join(' ')}' flags='${flagsOf(command).join(' ')}' ;;`,
  );
  // In zsh, `path`, `words` and `commands` have a meaning of their own.
  return `_ground_truth() {
  local current="\${COMP_WORDS[COMP_CWORD]}" place='' word below='' flags=''
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    ${[...withValue].join('|')}) return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
    case "$place/$word" in
      ${places
        .slice(1)
        .map(({ names }) => `/${names.join('/')}`)
        .join('|')}) place="$place/$word" ;;
    esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$below" -- "$current")) ;;
  esac
}
complete -o default -F _ground_truth ground-truth
`;
}

function fishScript(program: CommanderCommand): string {
  return placesIn(program)
    .flatMap(({ names, command }) => {
      const below = command.commands.map((child) => child.name());
      const conditions = [
        ...(names.length === 0 ? ['__fish_use_subcommand'] : []),
        ...names.map((name) => `__fish_seen_subcommand_from ${name}`),
        ...(names.length > 0 && below.length > 0
          ? [`not __fish_seen_subcommand_from ${below.join(' ')}`]
          : []),
      ];
      const start = `complete -c ground-truth -n '${conditions.join('; and ')}'`;
      return [
        ...command.commands.map(
          (child) => `${start} -f -a ${child.name()} -d ${quoted(child.description())}`,
        ),
        ...command.options.flatMap(({ long, required, description }) =>
          long ? [`${start} -l ${long.slice(2)}${required ? ' -r' : ''} -d ${quoted(description)}`] : [],
        ),
      ];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
