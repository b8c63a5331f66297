import type { Completes } from "../program/command-definition.ts";
import type { CompletableOption, CompletionPlace } from "./places.ts";

const HEAD = `# Completion of cloister for fish.
function __cloister_runs
    ls (git rev-parse --show-toplevel 2>/dev/null)/.cloister/runs 2>/dev/null
end
function __cloister_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l commands
    for word in $words
        contains -- "$commands $word" $__cloister_paths; and set commands "$commands $word"
    end
    test "$commands" = "$argv[1]"
end
complete -c cloister -f`;

/** The completion script for fish. */
export function fishCompletion(places: readonly CompletionPlace[]): string {
  const paths = places.filter(({ path }) => path.length > 0).map(({ path }) => quote(at(path)));
  return [HEAD, `set -g __cloister_paths ${paths.join(" ")}`, ...places.flatMap(renderPlace), ""].join("\n");
}

function renderPlace({ path, commands, options, argument }: CompletionPlace): string[] {
  const start = `complete -c cloister -n ${quote(`__cloister_at ${quote(at(path))}`)}`;
  return [
    ...commands.map(({ name, help }) => `${start} -a ${name} -d ${quote(help)}`),
    ...(argument === "nothing" ? [] : [`${start} ${offer(argument)}`]),
    ...options.map((option) => `${start} ${renderOption(option)}`),
  ];
}

function renderOption({ flags, help, value }: CompletableOption): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const offered = value === undefined ? [] : ["-r", ...(value === "nothing" ? [] : [offer(value)])];
  return [...names, ...offered, `-d ${quote(help)}`].join(" ");
}

function offer(completes: Completes): string {
  if (completes === "files") return "-F";
  return `-a ${quote(completes === "runs" ? "(__cloister_runs)" : Array.isArray(completes) ? completes.join(" ") : "")}`;
}

/** How `__cloister_at` spells a path: each command after a space. */
function at(path: readonly string[]): string {
  return path.map((name) => ` ${name}`).join("");
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`;
}
