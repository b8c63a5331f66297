import { chmod, mkdir, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { shellQuote } from "../model-server/shell-commands.ts";
import { readDocument } from "../read-document.ts";
import { PID_FILE_VARIABLE } from "./descendants.ts";
import { MOCK_AGENT_NAMES, type MockAgentName } from "./dialects/dialect.ts";
import { findScenario } from "./named-scenarios.ts";
import { type ScenarioSource, scenarioSchema } from "./scenario-schema.ts";
import type { Scenario } from "./scenario.ts";

/** The program itself stands beside this module, in the source and in a build. */
const ENTRY = fileURLToPath(new URL(`mock-agent${extname(import.meta.url)}`, import.meta.url));

/** What a mock agent can be given. */
export type MockAgentOptions = {
  /** Which agent it stands for; where left out, the one of its name, else `command`. */
  readonly as?: MockAgentName;
  /** A file to which the process ids of what it leaves behind are appended, one a line. */
  readonly pidFile?: string;
};

/**
 * Writes an executable of the name of a real CLI into `folder`, so that it is found first with `folder` on PATH. It runs with
 * this process's own Node, and ignores the arguments of the real CLI.
 * @param name the program's name: `claude`, `kiro-cli`, `my-agent`.
 * @param scenario a scenario's name, or a scenario.
 * @returns the executable's absolute path; beside it stand its scenario, and a folder that counts its calls.
 * @throws DocumentError where the scenario is unknown or not valid.
 */
export async function writeMockAgent(
  folder: string,
  name: string,
  scenario: string | ScenarioSource,
  options: MockAgentOptions = {},
): Promise<string> {
  const program = join(folder, name);
  const scenarioFile = `${program}.scenario.json`;
  await mkdir(folder, { recursive: true });
  await writeFile(scenarioFile, JSON.stringify(toScenario(scenario), undefined, 2));
  await writeFile(program, toWrapper(scenarioFile, options.as ?? toAgent(name), options.pidFile));
  await chmod(program, 0o755);
  return program;
}

function toScenario(scenario: string | ScenarioSource): Scenario {
  if (typeof scenario === "string") return findScenario(scenario);
  return readDocument("scenario", JSON.stringify(scenario), scenarioSchema);
}

/** Kiro's programs have other names than Kiro. */
function toAgent(name: string): MockAgentName {
  if (name === "kiro-cli" || name === "q") return "kiro";
  return MOCK_AGENT_NAMES.find((candidate) => candidate === name) ?? "command";
}

function toWrapper(scenarioFile: string, agent: MockAgentName, pidFile: string | undefined): string {
  const words = [process.execPath, ENTRY, "--as", agent, "--checked-scenario", scenarioFile].map(shellQuote);
  const variable = pidFile === undefined ? "" : `export ${PID_FILE_VARIABLE}=${shellQuote(pidFile)}\n`;
  return `#!/bin/sh\n${variable}exec ${words.join(" ")} "$@"\n`;
}
