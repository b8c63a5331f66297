import { dirname } from "node:path/posix";
import type { ScriptedEdit, ScriptedWrite } from "../script/tool-call.ts";

/** Quotes a text for a POSIX shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command that writes a file, for agents that offer no tool to write with. */
export function toWriteCommand({ path, content }: ScriptedWrite): string {
  return `mkdir -p ${shellQuote(dirname(path))} && printf '%s' ${shellQuote(content)} > ${shellQuote(path)}`;
}

/** Takes old and new text from the environment, because awk would read escapes in its arguments. */
const AWK_REPLACE_FIRST = [
  `{ text = text (NR > 1 ? "\\n" : "") $0 }`,
  `END {`,
  `  at = index(text, ENVIRON["OLD"]); if (at == 0) exit 1;`,
  `  print substr(text, 1, at - 1) ENVIRON["NEW"] substr(text, at + length(ENVIRON["OLD"]))`,
  `}`,
].join(" ");

/**
 * A command that replaces the first `old` in a file by `new`, with POSIX tools alone; it fails where the file has no `old`.
 * The file keeps its mode, and ends with a line break.
 */
export function toEditCommand({ path, old, new: replacement }: ScriptedEdit): string {
  const file = shellQuote(path);
  const copy = shellQuote(`${path}.edit`);
  const replace = `OLD=${shellQuote(old)} NEW=${shellQuote(replacement)} awk ${shellQuote(AWK_REPLACE_FIRST)} ${file}`;
  return `if ${replace} > ${copy}; then cat ${copy} > ${file} && rm ${copy}; else rm ${copy}; false; fi`;
}

/** A command that prints a file. */
export function toReadCommand(path: string): string {
  return `cat ${shellQuote(path)}`;
}
