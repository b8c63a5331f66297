/** Gates that stand in a Markdown section of their own, as list items or in code blocks. */
import { sourceError, type SourceText } from "../config/source-text.ts";
import { gateOfCommand } from "../config/work-fields.ts";
import type { MarkdownLine } from "./markdown-lines.ts";
import type { DraftGate } from "./plan-draft.ts";

const TITLE = /^(?:validation commands|gates):?$/i;
/** Lines of a code block that only prepare what follows them. */
const PREPARATION = /^(?:cd|export|source|\.)\s/;
/** What a command line begins with, where it is not in backticks: a program's name in lower case, a path or a variable. */
const COMMAND_START = /^(?:[a-z0-9_./~]|[A-Z_][A-Z0-9_]*=)/;

/** Gates of a plan's section, and the lines that it took. */
export type GateSections = { readonly gates: readonly DraftGate[]; readonly lines: ReadonlySet<MarkdownLine> };

/**
 * Reads every `## Validation Commands` and `## Gates` section, up to the next heading.
 * @throws CloisterError with the line where such a section holds no command, or an item that is not one.
 */
export function readGateSections(source: SourceText, lines: readonly MarkdownLine[]): GateSections {
  const sections: MarkdownLine[][] = [];
  let inside = false;
  for (const line of lines) {
    if (line.kind.type === "heading") {
      inside = TITLE.test(line.kind.title);
      if (inside) sections.push([]);
    }
    if (inside) sections.at(-1)?.push(line);
  }
  return { gates: sections.flatMap((section) => readSection(source, section)), lines: new Set(sections.flat()) };
}

function readSection(source: SourceText, section: readonly MarkdownLine[]): DraftGate[] {
  const gates = [...itemGates(source, section), ...blockGates(section)].sort((left, right) => left.line - right.line);
  if (gates.length > 0) return gates;
  const message = "expected commands in this section, as list items or in a code block; found none.";
  throw sourceError(source, section[0]?.number ?? 1, { message, remedy: "Add a line such as - `npm test`." });
}

function itemGates(source: SourceText, section: readonly MarkdownLine[]): DraftGate[] {
  return section.flatMap((line) =>
    line.kind.type === "item"
      ? [{ gate: itemGate(source, line.number, line.kind.text.trim()), line: line.number }]
      : [],
  );
}

/** `` `command` `` with any remark around it, `` name: `command` ``, or a bare command. */
function itemGate(source: SourceText, line: number, text: string): DraftGate["gate"] {
  const parts = text.split("`");
  const command = parts.length === 1 && COMMAND_START.test(text) ? text : (parts[1] ?? "").trim();
  const before = parts[0] ?? "";
  const label = /^([^\s:=][^:=]{0,79}):\s*$/.exec(before)?.[1];
  const clear = parts.length <= 3 || before === "" || label !== undefined;
  if (command !== "" && clear) return { ...gateOfCommand(command), ...(label === undefined ? {} : { name: label }) };
  const message = `expected a command in backticks, found "${text.slice(0, 60)}".`;
  throw sourceError(source, line, {
    message,
    remedy: "Write it as - `npm test`, or move the remark out of the section.",
  });
}

function blockGates(section: readonly MarkdownLine[]): DraftGate[] {
  const gates: DraftGate[] = [];
  let preparation = "";
  let begun: { text: string; readonly line: number } | undefined;
  for (const { kind, text, number } of section) {
    if (kind.type === "fence") preparation = "";
    if (kind.type !== "code") continue;
    begun = { text: (begun?.text ?? "") + text.trim().replace(/\\$/, ""), line: begun?.line ?? number };
    if (text.trimEnd().endsWith("\\")) continue;
    const command = begun.text.replace(/^\$\s+/, "");
    if (PREPARATION.test(command)) preparation += `${command} && `;
    else if (command !== "" && !command.startsWith("#")) {
      gates.push({ gate: gateOfCommand(preparation + command), line: begun.line });
    }
    begun = undefined;
  }
  return gates;
}
