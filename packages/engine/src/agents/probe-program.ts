import { accessSync, constants, existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import type { AgentStatus } from "@cloister/core";
import { splitCommandLine } from "./command-line.ts";
import { PROBE_TIMEOUT_MS, runProbe } from "./probe-process.ts";

type Environment = Readonly<Record<string, string>>;

/** How to tell whether an agent is logged in without asking it: what exists is looked at, never what it holds. */
export type LoginSigns = {
  /** Environment variables that are enough, each alone. */
  readonly variables: readonly string[];
  /** Files that a login leaves behind: absolute, or relative to the home folder. */
  readonly files: readonly string[];
  /** What it means that none of them is there: some logins leave no trace. */
  readonly otherwise: "logged_out" | "unknown";
  /** What to do to log in: a sentence. */
  readonly remedy: string;
};

/** What to look for. */
export type ProgramProbe = {
  /** Names of the program, the first that is found counts. */
  readonly programs: readonly string[];
  /** What to do where it is not installed: a sentence. */
  readonly install: string;
  readonly login: LoginSigns;
};

/**
 * Looks for an agent's program on `env.PATH`, asks its version (within 3 s) and looks for signs of a login. Never throws.
 * @param command a command line that stands for the program, as in `LaunchRequest.command`.
 */
export async function probeProgram(probe: ProgramProbe, env: Environment, command?: string): Promise<AgentStatus> {
  const [first, ...args] = splitCommandLine(command ?? "");
  const programs = first === undefined ? probe.programs : [first];
  const path = programs.map((name) => findProgram(name, env)).find((found) => found !== undefined);
  if (path === undefined) {
    const detail = `${programs.join(" or ")} is not on PATH. ${first === undefined ? probe.install : "Check --agent-command."}`;
    return { installed: false, login: "unknown", detail };
  }
  const version = await readVersion(path, [...args, "--version"], env);
  const silent = version === undefined ? ` It told no version within ${PROBE_TIMEOUT_MS / 1000} s.` : "";
  const { login, detail } = readLogin(probe.login, env);
  return { installed: true, path, ...(version === undefined ? {} : { version }), login, detail: `${detail}${silent}` };
}

/** The absolute path of an executable file: `name` itself where it is a path, or else the first one on `env.PATH`. */
export function findProgram(name: string, env: Environment): string | undefined {
  if (isAbsolute(name)) return isExecutable(name) ? name : undefined;
  if (name === "" || name.includes("/")) return undefined;
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // Not there, or not ours to run: then it is not the program that is looked for.
  }
}

/** The version that a program tells, as in `2.1.329`; undefined where it tells none in time. */
async function readVersion(file: string, args: readonly string[], env: Environment): Promise<string | undefined> {
  const { code, output } = await runProbe({ file, args, env });
  return code === null ? undefined : /\d+(?:\.\d+)+(?:[-+][\w.]*\w)*/.exec(output)?.[0];
}

function readLogin(signs: LoginSigns, env: Environment): Pick<AgentStatus, "login" | "detail"> {
  const variable = signs.variables.find((name) => (env[name] ?? "") !== "");
  if (variable !== undefined) return { login: "logged_in", detail: `${variable} is set.` };
  const home = env["HOME"] ?? homedir();
  const file = signs.files.map((path) => (isAbsolute(path) ? path : join(home, path))).find((path) => existsSync(path));
  if (file !== undefined) return { login: "logged_in", detail: `${file.replace(home, "~")} exists.` };
  return { login: signs.otherwise, detail: `No sign of a login was found. ${signs.remedy}` };
}
