/** Says what went wrong, once, in the form the user asked for, and gives the exit code of it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommanderError } from "commander";
import { CloisterError, type ErrorCode, EXIT_CODES, USAGE_EXIT_CODE } from "@cloister/core";
import { toPlainText, toSingleLine } from "../render/plain-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { readVersion } from "./version.ts";

const ERROR_EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  usage_invalid: USAGE_EXIT_CODE,
  plan_invalid: USAGE_EXIT_CODE,
  config_invalid: USAGE_EXIT_CODE,
  repository_invalid: USAGE_EXIT_CODE,
  run_not_found: USAGE_EXIT_CODE,
  run_busy: USAGE_EXIT_CODE,
  agent_unavailable: EXIT_CODES.agent_unavailable,
  credential_invalid: EXIT_CODES.agent_unavailable,
  journal_damaged: EXIT_CODES.internal_error,
  git_failed: EXIT_CODES.internal_error,
  setup_failed: EXIT_CODES.internal_error,
  gateway_failed: EXIT_CODES.internal_error,
  machine_unavailable: EXIT_CODES.agent_unavailable,
  machine_unsupported: USAGE_EXIT_CODE,
  machine_not_found: USAGE_EXIT_CODE,
  machine_failed: EXIT_CODES.machine_failed,
  image_invalid: USAGE_EXIT_CODE,
  resources_short: EXIT_CODES.machine_failed,
};

/** An error as `--json` prints it, on standard error. */
type ReportedError = {
  readonly type: "error";
  readonly code: ErrorCode | "internal_error";
  readonly message: string;
  readonly remedy?: string;
  readonly file?: string;
  readonly line?: number;
  readonly exitCode: number;
};

/** Where an error happened: what was typed, and the terminal to tell it to. */
export type ErrorPlace = { readonly terminal: Terminal; readonly words: readonly string[] };

/** Prints `error` to standard error and returns the exit code that goes with it. */
export function reportError(error: unknown, place: ErrorPlace): number {
  const reported = describe(error, place);
  const { terminal, words } = place;
  if (asksForJson(words)) terminal.note(JSON.stringify(reported));
  else terminal.note(...toLines(reported));
  return reported.exitCode;
}

function describe(error: unknown, place: ErrorPlace): ReportedError {
  if (CloisterError.isInstance(error)) return describeKnown(error);
  if (error instanceof CommanderError) return describeUsage(error, place.words);
  return describeUnexpected(error, place);
}

function describeKnown({ code, message, remedy, file, line }: CloisterError): ReportedError {
  return {
    type: "error",
    code,
    message: toPlainText(message),
    ...(remedy === undefined ? {} : { remedy: toPlainText(remedy) }),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    exitCode: ERROR_EXIT_CODES[code],
  };
}

function describeUsage({ code, message }: CommanderError, words: readonly string[]): ReportedError {
  const command = words.find((word) => !word.startsWith("-"));
  const known = code !== "commander.unknownCommand" && command !== undefined;
  return {
    type: "error",
    code: "usage_invalid",
    // A group called without its command has printed its help; commander's own word for it is a placeholder.
    message: code === "commander.help" ? "Expected a command." : toSingleLine(message.replace(/^error: /, "")),
    remedy: `See: cloister ${known ? `${toSingleLine(command)} ` : ""}--help`,
    exitCode: USAGE_EXIT_CODE,
  };
}

function describeUnexpected(error: unknown, { terminal, words }: ErrorPlace): ReportedError {
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const summary = toSingleLine(error instanceof Error ? error.message : String(error)).slice(0, 500);
  const debug = terminal.env["CLOISTER_DEBUG"] === "1";
  if (debug) terminal.note(toPlainText(details));
  const path = writeDetails(terminal, [`cloister ${readVersion()}, node ${process.version}`, words.join(" "), details]);
  return {
    type: "error",
    code: "internal_error",
    message: `Cloister failed unexpectedly: ${summary}`,
    remedy: path === undefined ? "Set CLOISTER_DEBUG=1 to see where." : `Details: ${path}`,
    exitCode: EXIT_CODES.internal_error,
  };
}

/** Keeps the details of a defect in the user's state folder (XDG Base Directory Specification). Undefined where that fails. */
function writeDetails({ env, home, now }: Terminal, lines: readonly string[]): string | undefined {
  const folder = join(env["XDG_STATE_HOME"] ?? join(home, ".local", "state"), "cloister");
  const path = join(folder, `error-${new Date(now()).toISOString().replaceAll(":", "-")}-${process.pid}.txt`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o600 });
    return path;
  } catch {
    return undefined; // A full or read-only disk: the message itself is still shown.
  }
}

function toLines({ message, remedy, file, line }: ReportedError): string[] {
  const place = file === undefined ? "" : `${file}${line === undefined ? "" : `:${line}`}: `;
  return [`error: ${place}${message}`, ...(remedy === undefined ? [] : [`       ${remedy}`])];
}

function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end === -1 ? words.length : end).includes("--json");
}
