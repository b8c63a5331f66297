/** The command line as a shell's completion sees it: one place per command, with what can stand there. */
import {
  type AnyCommand,
  type ArgumentDefinition,
  type Completes,
  type OptionDefinition,
  toFlag,
} from "../program/command-definition.ts";

/** An option as it can be completed. */
export type CompletableOption = {
  /** `--agent`, and `-p` where there is one. */
  readonly flags: readonly string[];
  readonly help: string;
  /** What its value is; undefined for a switch. */
  readonly value: Completes | undefined;
};

/** A place: after `cloister`, after `cloister run`, after `cloister testkit model-server`. */
export type CompletionPlace = {
  /** The commands before it, without `cloister`; empty for the first word. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly help: string }[];
  readonly options: readonly CompletableOption[];
  readonly argument: Completes;
};

const HELP: CompletableOption = { flags: ["--help", "-h"], help: "print help", value: undefined };
const VERSION: CompletableOption = { flags: ["--version", "-V"], help: "print the version", value: undefined };

/** All places of a program with `commands`, the first word's first. */
export function listPlaces(commands: readonly AnyCommand[]): CompletionPlace[] {
  const root: CompletionPlace = {
    path: [],
    commands: [...commands.map(toName), { name: "help", help: "print help on a command" }],
    options: [HELP, VERSION],
    argument: "nothing",
  };
  return [root, ...commands.flatMap((command) => placesOf(command, []))];
}

function placesOf(command: AnyCommand, parents: readonly string[]): CompletionPlace[] {
  const path = [...parents, command.name];
  const children = command.children ?? [];
  const place: CompletionPlace = {
    path,
    commands: children.map(toName),
    options: [...Object.entries(command.options).map(([name, option]) => toCompletable(name, option)), HELP],
    argument: completesOf(command.args[0]),
  };
  return [place, ...children.flatMap((child) => placesOf(child, path))];
}

function toName({ name, summary }: AnyCommand): { name: string; help: string } {
  return { name, help: summary };
}

function toCompletable(name: string, option: OptionDefinition<unknown>): CompletableOption {
  const flags = [toFlag(name), ...(option.short === undefined ? [] : [`-${option.short}`])];
  return { flags, help: option.help, value: option.placeholder === undefined ? undefined : completesOf(option) };
}

function completesOf(slot: ArgumentDefinition | OptionDefinition<unknown> | undefined): Completes {
  return slot?.completes ?? "nothing";
}
