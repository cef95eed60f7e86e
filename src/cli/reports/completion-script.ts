/** Scripts that complete commands, options and their values in a shell. They know all of it, and start nothing. */
import { allCommands, type CompletedCommand, type CompletedOption } from "./completion-tree.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, program: CompletedCommand): string {
  const commands = allCommands(program);
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

const nameOf = ({ path }: CompletedCommand): string => path.join(" ");
const wordsOf = ({ commands, options }: CompletedCommand): readonly string[] => [
  ...commands.map(({ path }) => path.at(-1) as string),
  ...options.map(({ flag }) => flag),
];

/** Cases of a shell's `case`: the words that lead from a command to one below it. */
function stepsOf(commands: readonly CompletedCommand[]): string {
  const steps = commands.flatMap(({ path }) =>
    path.length === 0 ? [] : [`"${path.slice(0, -1).join(" ")} ${path.at(-1)}"`],
  );
  return steps.join("|");
}

function valueCases(
  commands: readonly CompletedCommand[],
  withChoices: (choices: readonly string[]) => string,
  others: string,
): readonly string[] {
  const valued = (
    filter: (option: CompletedOption) => boolean,
  ): readonly (readonly [string, CompletedOption])[] =>
    commands.flatMap((command) =>
      command.options
        .filter((option) => option.takesValue && filter(option))
        .map((option) => [`"${nameOf(command)}:${option.flag}"`, option] as const),
    );
  const chosen = valued(({ choices }) => choices.length > 0);
  const free = valued(({ choices }) => choices.length === 0).map(([place]) => place);
  return [
    ...chosen.map(([place, { choices }]) => `    ${place}) ${withChoices(choices)}; return ;;`),
    ...(free.length === 0 ? [] : [`    ${free.join("|")}) ${others}; return ;;`]),
  ];
}

function bashScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(
    (command) => `    "${nameOf(command)}") words="${wordsOf(command).join(" ")}" ;;`,
  );
  return `# dynalake completion bash: source it, as in  source <(dynalake completion bash)
_dynalake() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${stepsOf(commands)}) at="\${at:+$at }$word" ;;
    esac
  done
  COMPREPLY=()
  case "$at:$prev" in
${valueCases(commands, (choices) => `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$cur"))`, ":").join("\n")}
  esac
  case "$at" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
# Where nothing of it fits, files are completed.
complete -o default -F _dynalake dynalake
`;
}

function zshScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map((command) => {
    const below = command.commands.map(({ path, description }) =>
      described(path.at(-1) as string, description),
    );
    const options = command.options.map(({ flag, description }) => described(flag, description));
    return `    "${nameOf(command)}")\n      words_of=(${[...below, ...options].join(" ")}) ;;`;
  });
  return `#compdef dynalake
# dynalake completion zsh: put it into a folder of fpath as _dynalake, or  source <(dynalake completion zsh)
_dynalake() {
  local at="" word prev="\${words[CURRENT-1]}"
  local -a words_of
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ${stepsOf(commands)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at:$prev" in
${valueCases(commands, (choices) => `compadd -- ${choices.join(" ")}`, "_files").join("\n")}
  esac
  case "$at" in
${cases.join("\n")}
  esac
  _describe dynalake words_of || _files
}
if [ "$funcstack[1]" = "_dynalake" ]; then _dynalake; else compdef _dynalake dynalake; fi
`;
}

/** "name:what it does" as one word of zsh. */
function described(name: string, description: string): string {
  return quoted(`${name.replaceAll(":", "\\:")}:${description}`);
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const groups = commands
    .filter((command) => command.path.length > 0 && command.commands.length > 0)
    .map(nameOf)
    .join(" ");
  const lines = commands.flatMap((command) => [
    ...command.commands.map(
      ({ path, description }) =>
        `complete -c dynalake -f -n ${quoted(conditionOf(command, groups))} -a ${path.at(-1)} -d ${quoted(description)}`,
    ),
    ...command.options.map((option) => {
      const value = option.takesValue
        ? option.choices.length > 0
          ? ` -x -a ${quoted(option.choices.join(" "))}`
          : " -r"
        : "";
      const condition = quoted(conditionOf(command, groups));
      return `complete -c dynalake -n ${condition} -l ${option.flag.slice(2)}${value} -d ${quoted(option.description)}`;
    }),
  ]);
  return `# dynalake completion fish: dynalake completion fish > ~/.config/fish/completions/dynalake.fish\n${lines.join("\n")}\n`;
}

/** Whether the command is the one on the line. `groups`: commands that have others below them, some of the same name. */
function conditionOf({ path, commands }: CompletedCommand, groups: string): string {
  if (path.length === 0) return "__fish_use_subcommand";
  const below = commands.map((command) => command.path.at(-1)).join(" ");
  const others = commands.length > 0 ? below : path.length === 1 ? groups : "";
  return [
    ...path.map((name) => `__fish_seen_subcommand_from ${name}`),
    ...(others === "" ? [] : [`not __fish_seen_subcommand_from ${others}`]),
  ].join("; and ");
}

/** One word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
