/**
 * What a command is: data from which the parser, the help, the shell completions and docs/cli.md are made. Definitions load nothing
 * heavy; `load` brings in the code that does the work.
 */
import type { Terminal } from "../terminal/terminal.ts";

/** What a shell offers at a place of the command line. A list holds the words themselves. */
export type Completes = "files" | "runs" | "nothing" | readonly string[];

/** One option. Its flag is its name in kebab case: `maxIterations` is `--max-iterations`. */
export type OptionDefinition<Value> = {
  /** What the help calls its value. Undefined for a switch. */
  readonly placeholder?: string;
  /** The value may be left out: then it is `true`. */
  readonly optional?: boolean;
  /** One letter. */
  readonly short?: string;
  readonly help: string;
  /** May be given several times; the value is a list. */
  readonly repeatable?: boolean;
  /** Turns the text into the value (for a list: into one element). Throws commander's InvalidArgumentError. */
  readonly parse?: (text: string) => Value | (Value extends readonly (infer Element)[] ? Element : never);
  readonly completes?: Completes;
};

/** One positional argument. */
export type ArgumentDefinition = {
  readonly name: string;
  readonly help: string;
  readonly required?: boolean;
  /** Takes all that is left. */
  readonly variadic?: boolean;
  readonly completes?: Completes;
};

/** What the user typed, parsed. Arguments that were left out are missing at the end. */
export type CommandCall<Options> = { readonly args: readonly string[]; readonly options: Options };

/** Does the command's work. Resolves to the exit code; throws CloisterError for what the user can mend. */
export type CommandHandler<Options> = (call: CommandCall<Options>, terminal: Terminal) => Promise<number>;

/** A command of `cloister`. */
export type CommandDefinition<Options> = {
  readonly name: string;
  /** One line, for lists. */
  readonly summary: string;
  /** More than the summary says, for the command's own help. */
  readonly description?: string;
  readonly args: readonly ArgumentDefinition[];
  readonly options: { readonly [Name in keyof Options]-?: OptionDefinition<NonNullable<Options[Name]>> };
  /** Command lines without `cloister`, each with what it does. */
  readonly examples?: readonly (readonly [commandLine: string, meaning: string])[];
  /** Commands within this one. A group has no work of its own. */
  readonly children?: readonly AnyCommand[];
  /** What follows the first argument is another program's: its options are not ours. */
  readonly passesThrough?: boolean;
  readonly load?: () => Promise<CommandHandler<Options>>;
};

/** A command whose options' types are known to itself alone. */
export type AnyCommand = CommandDefinition<Readonly<Record<string, unknown>>>;

/** Checks a definition against its options' type, then forgets the type: definitions of all commands stand in one list. */
export function defineCommand<Options>(definition: CommandDefinition<Options>): AnyCommand {
  // Sound: the parser builds exactly what `options` describes, and `load`'s handler is only ever given that.
  return definition as unknown as AnyCommand;
}

/** The flag of an option: `--max-iterations` for `maxIterations`. */
export function toFlag(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** An option as help and docs write it: `-p, --prompt <text>`. */
export function describeOption(name: string, { short, placeholder, optional }: OptionDefinition<unknown>): string {
  const inner = optional === true ? ` [${placeholder}]` : ` <${placeholder}>`;
  const value = placeholder === undefined ? "" : inner;
  return `${short === undefined ? "" : `-${short}, `}${toFlag(name)}${value}`;
}

/** An argument as help and docs write it: `<file>`, `[run]`, `[text...]`. */
export function describeArgument({ name, required, variadic }: ArgumentDefinition): string {
  const inner = variadic === true ? `${name}...` : name;
  return required === true ? `<${inner}>` : `[${inner}]`;
}
