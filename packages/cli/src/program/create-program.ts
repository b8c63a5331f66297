/** Builds the parser from the command definitions. */
import { Argument, Command, Option } from "commander";
import { COMMANDS } from "../definitions/index.ts";
import type { Terminal } from "../terminal/terminal.ts";
import {
  type AnyCommand,
  type CommandCall,
  type CommandHandler,
  describeArgument,
  describeOption,
  type OptionDefinition,
} from "./command-definition.ts";
import { readVersion } from "./version.ts";

type Values = Readonly<Record<string, unknown>>;

/** Does what a parsed command line asks for; `handler` loads the command's code. */
export type Dispatch = (handler: () => Promise<CommandHandler<Values>>, call: CommandCall<Values>) => Promise<void>;

/** The whole command line of `cloister`. Errors of parsing are thrown, never printed. */
export function createProgram(terminal: Terminal, dispatch: Dispatch): Command {
  const program = prepare(new Command("cloister"), terminal)
    .description("Loops coding agents over a plan until the work is proven done.")
    .version(readVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help on a command")
    .addHelpText("after", "\nStart with: cloister demo, or in a repository: cloister init && cloister run")
    .showSuggestionAfterError(true);
  for (const definition of COMMANDS) program.addCommand(createCommand(definition, terminal, dispatch));
  return program;
}

function createCommand(definition: AnyCommand, terminal: Terminal, dispatch: Dispatch): Command {
  const command = prepare(new Command(definition.name), terminal)
    .summary(definition.summary)
    .description(definition.description ?? definition.summary)
    .helpOption("-h, --help", "print help")
    .addHelpText("after", describeExamples(definition));
  for (const argument of definition.args) command.addArgument(new Argument(describeArgument(argument), argument.help));
  for (const [name, option] of Object.entries(definition.options)) command.addOption(createOption(name, option));
  for (const child of definition.children ?? []) command.addCommand(createCommand(child, terminal, dispatch));
  if (definition.passesThrough === true) command.passThroughOptions();
  const { load } = definition;
  if (load === undefined) return command;
  return command.action(async () => {
    await dispatch(load, { args: command.args, options: command.opts() });
  });
}

function prepare(command: Command, terminal: Terminal): Command {
  return (
    command
      .exitOverride()
      // A command with children may have options of the same name: whose an option is, its place decides.
      .enablePositionalOptions()
      .configureOutput({
        writeOut: (text) => terminal.write(text),
        writeErr: (text) => terminal.note(text.trimEnd()),
        outputError: () => undefined,
      })
      .configureHelp({ styleTitle: (title) => terminal.paint("bold", title) })
  );
}

function createOption(name: string, definition: OptionDefinition<unknown>): Option {
  const option = new Option(describeOption(name, definition), definition.help);
  const { parse, repeatable } = definition;
  if (parse === undefined) return option;
  if (repeatable !== true) return option.argParser(parse);
  return option.argParser((text, previous: readonly unknown[] | undefined) => [...(previous ?? []), parse(text)]);
}

function describeExamples({ examples }: AnyCommand): string {
  if (examples === undefined) return "";
  return ["\nExamples:", ...examples.map(([line, meaning]) => `  cloister ${line}\n      ${meaning}`)].join("\n");
}
