/** Completion scripts for bash and zsh: one function that finds its place in the command line and offers what can stand there. */
import type { Completes } from "../program/command-definition.ts";
import type { CompletionPlace } from "./places.ts";

type Dialect = {
  readonly head: string;
  readonly tail: string;
  /** Offers these words, separated by spaces. */
  readonly words: (words: string) => string;
};

/** Where the runs of the current repository are listed. */
const LIST_RUNS = 'ls "$(git rev-parse --show-toplevel 2>/dev/null)/.cloister/runs" 2>/dev/null';

const BASH: Dialect = {
  head: `# Completion of cloister for bash.
_cloister_words() { local IFS=$' \\n'; COMPREPLY=($(compgen -W "$1" -- "$current")); }
_cloister_files() { local IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); }
_cloister_runs() { _cloister_words "$(${LIST_RUNS})"; }
_cloister() {
  local command="" index current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$command \${COMP_WORDS[index]}" in`,
  tail: `}
complete -F _cloister cloister`,
  words: (words) => `_cloister_words "${words}"`,
};

const ZSH: Dialect = {
  head: `#compdef cloister
# Completion of cloister for zsh.
_cloister_words() { compadd -- \${=1}; }
_cloister_files() { _files; }
_cloister_runs() { _cloister_words "$(${LIST_RUNS})"; }
_cloister() {
  local command="" index current=$words[CURRENT] previous=$words[CURRENT-1]
  for ((index = 2; index < CURRENT; index++)); do
    case "$command $words[index]" in`,
  tail: `}
if [[ $funcstack[1] = _cloister ]]; then _cloister "$@"; else compdef _cloister cloister; fi`,
  words: (words) => `_cloister_words "${words}"`,
};

/** The completion script for bash. */
export function bashCompletion(places: readonly CompletionPlace[]): string {
  return render(BASH, places);
}

/** The completion script for zsh. */
export function zshCompletion(places: readonly CompletionPlace[]): string {
  return render(ZSH, places);
}

function render(dialect: Dialect, places: readonly CompletionPlace[]): string {
  const paths = places
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => pattern(path.slice(0, -1), path.at(-1) ?? ""));
  return [
    dialect.head,
    `      ${paths.join("|")}) command="\${command:+$command }${dialect === ZSH ? "$words[index]" : "${COMP_WORDS[index]}"}" ;;`,
    "    esac",
    "  done",
    '  case "$command $previous" in',
    ...places.flatMap((place) => valueCases(dialect, place)),
    "  esac",
    '  case "$command" in',
    ...places.map((place) => placeCase(dialect, place)),
    "  esac",
    dialect.tail,
    "",
  ].join("\n");
}

/** A pattern that matches `"$command $word"`. */
function pattern(path: readonly string[], word: string): string {
  return `"${path.join(" ")} ${word}"`;
}

function valueCases(dialect: Dialect, { path, options }: CompletionPlace): string[] {
  return options.flatMap(({ flags, value }) =>
    value === undefined
      ? []
      : [`    ${flags.map((flag) => pattern(path, flag)).join("|")}) ${offer(dialect, value)}; return ;;`],
  );
}

function placeCase(dialect: Dialect, { path, commands, options, argument }: CompletionPlace): string {
  const flags = options.flatMap((option) => option.flags).join(" ");
  const names = commands.map(({ name }) => name).join(" ");
  const rest = names === "" ? offer(dialect, argument) : dialect.words(names);
  return `    "${path.join(" ")}") if [[ $current == -* ]]; then ${dialect.words(flags)}; else ${rest}; fi ;;`;
}

function offer(dialect: Dialect, completes: Completes): string {
  if (completes === "nothing") return ":";
  if (completes === "files") return "_cloister_files";
  if (completes === "runs") return "_cloister_runs";
  return dialect.words(completes.join(" "));
}
