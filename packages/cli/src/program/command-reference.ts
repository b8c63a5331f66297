/** docs/cli.md, made from the command definitions. */
import {
  type AnyCommand,
  type ArgumentDefinition,
  describeArgument,
  describeOption,
  type OptionDefinition,
} from "./command-definition.ts";

const HEAD = `# The commands

Made from the command definitions by \`scripts/generate-cli-docs.ts\`; do not edit it by hand.

Every command takes \`-h, --help\`. What is for people is plain text, with colours on a terminal (none with \`NO_COLOR\`);
with \`--json\` standard output holds JSON alone. Errors go to standard error, with \`--json\` as JSON:
\`{"type":"error","code":…,"message":…,"remedy":…,"exitCode":…}\`.

| exit code | meaning |
| --- | --- |
| 0 | done; for a run: every task, with evidence |
| 1 | Cloister itself failed |
| 2 | the command line, the plan, the configuration or the repository is not as it should be |
| 3 | the limit on iterations was reached |
| 4 | the limit on time was reached |
| 5 | the budget was spent |
| 6 | no progress: stalled, the agent fails, or the circuit is open |
| 7 | a person is needed: unverified, inconclusive, blocked; \`audit\` and \`doctor\` found something |
| 8 | there is no usable agent |
| 130, 143 | interrupted, terminated |
`;

/** The reference page on `commands`, as Markdown. */
export function renderCommandReference(commands: readonly AnyCommand[]): string {
  return [HEAD, ...commands.flatMap((command) => renderCommand(command, "cloister"))].join("\n");
}

function renderCommand(command: AnyCommand, parent: string): string[] {
  const { name, summary, description, args, options, examples, children, load } = command;
  const full = `${parent} ${name}`;
  const within = load === undefined ? "<command>" : "[command]";
  const usage = [full, ...args.map(describeArgument), ...(children === undefined ? [] : [within])].join(" ");
  return [
    `## ${full}\n`,
    `    ${usage}\n`,
    `${description ?? `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`}\n`,
    ...renderTable("argument", args.map(toArgumentRow)),
    ...renderTable("option", Object.entries(options).map(toOptionRow)),
    ...renderExamples(examples ?? []),
    ...(children ?? []).flatMap((child) => renderCommand(child, full)),
  ];
}

function renderExamples(examples: NonNullable<AnyCommand["examples"]>): string[] {
  if (examples.length === 0) return [];
  return [[...examples.map(([line, meaning]) => `    cloister ${line}    # ${meaning}`), ""].join("\n")];
}

type Row = readonly [name: string, help: string];

function toArgumentRow(argument: ArgumentDefinition): Row {
  return [describeArgument(argument), argument.help];
}

function toOptionRow([name, option]: [string, OptionDefinition<unknown>]): Row {
  return [describeOption(name, option), option.help];
}

function renderTable(title: string, rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const lines = rows.map(([name, help]) => `| \`${name}\` | ${help.replaceAll("|", String.raw`\|`)} |`);
  return [[`| ${title} | |`, "| --- | --- |", ...lines, ""].join("\n")];
}
