import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { CloisterError } from "@cloister/core";
import { parseScript, SCENARIO_NAMES, startModelServer, writeMockAgent } from "@cloister/testkit";
import type { MockAgentOptions, ModelServerOptions } from "../definitions/setting-up.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { printJson } from "../terminal/terminal.ts";

/** `cloister testkit model-server SCRIPT`: serves until it is interrupted. */
export const modelServer: CommandHandler<ModelServerOptions> = async ({ args: [file = ""], options }, terminal) => {
  const script = readScript(resolve(terminal.cwd, file), file);
  await using server = await startModelServer({ script, port: options.port ?? 0 });
  if (options.json === true) printJson(terminal, { url: server.url, port: server.port });
  else terminal.print(`serving ${file} at ${server.url}; interrupt to stop`);
  await interrupted();
  const { requests, usageTotals } = server;
  if (options.json === true) printJson(terminal, { requests: requests.length, usage: usageTotals });
  else terminal.note(`${requests.length} requests were answered`);
  return 0;
};

/** `cloister testkit mock-agent PROGRAM FOLDER`. */
export const mockAgent: CommandHandler<MockAgentOptions> = async (
  { args: [program = "", folder = ""], options },
  terminal,
) => {
  const scenario = SCENARIO_NAMES.find((name) => name === (options.scenario ?? "honest_work"));
  if (scenario === undefined)
    throw usageError(`There is no scenario "${options.scenario}".`, `Name one of ${SCENARIO_NAMES.join(", ")}.`);
  if (basename(program) !== program)
    throw usageError(`Expected a program's name, found "${program}".`, "Leave the folder out of it.");
  const path = await writeMockAgent(resolve(terminal.cwd, folder), program, scenario);
  if (options.json === true) printJson(terminal, { path, scenario });
  else terminal.print(`wrote ${path}`, `use it with: PATH="${dirname(path)}:$PATH" cloister run …`);
  return 0;
};

function usageError(message: string, remedy: string): CloisterError {
  return new CloisterError({ code: "usage_invalid", message, remedy });
}

function readScript(path: string, shown: string): ReturnType<typeof parseScript> {
  try {
    return parseScript(readFileSync(path, "utf8"));
  } catch (cause: unknown) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CloisterError({ code: "usage_invalid", message, file: shown, remedy: "Mend the script.", cause });
  }
}

function interrupted(): Promise<void> {
  const { promise, resolve: done } = Promise.withResolvers<void>();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => done());
  return promise;
}
