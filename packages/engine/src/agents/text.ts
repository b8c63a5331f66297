import { textAt, toObject } from "./json-value.ts";

/** Characters of a tool call's summary, and of an error's message, at most. */
const SUMMARY_LENGTH = 200;
const MESSAGE_LENGTH = 1000;

/** Names of arguments that tell the most about a tool call, the best first. */
const TELLING_ARGUMENTS = ["command", "cmd", "file_path", "filePath", "path", "pattern", "query", "url", "description"];

/** `text` on one line, cut to what a list of tool calls shows. */
export function toSummary(text: string): string {
  // Cut before the search for spaces too: a summary of megabytes must not cost a pass over all of them.
  return clip(
    text
      .slice(0, 4 * SUMMARY_LENGTH)
      .replaceAll(/\s+/g, " ")
      .trim(),
    SUMMARY_LENGTH,
  );
}

/** An error's message, cut to what a journal and a report show. */
export function toMessage(text: string): string {
  return clip(text.trim(), MESSAGE_LENGTH);
}

/** The arguments of a tool call in a few words: its command, path or pattern where it has one. */
export function summarizeArguments(input: unknown): string {
  if (typeof input === "string") return toSummary(input);
  for (const name of TELLING_ARGUMENTS) {
    const value = textAt(input, name);
    if (value !== undefined) return toSummary(value);
  }
  const first = Object.values(toObject(input) ?? {}).find((value) => typeof value === "string");
  return toSummary(first ?? "");
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}
