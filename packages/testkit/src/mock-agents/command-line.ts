import { readFileSync } from "node:fs";
import { DocumentError } from "../document-error.ts";
import { MOCK_AGENT_NAMES, type MockAgentName } from "./dialects/dialect.ts";
import type { Scenario } from "./scenario.ts";

/** The scenario, where the command line names none: a name, or a path of a file. */
const SCENARIO_VARIABLE = "MOCK_AGENT_SCENARIO";
/** The folder that counts calls, for named scenarios that do something else at each. */
const CALLS_VARIABLE = "MOCK_AGENT_CALLS";
const OWN_OPTIONS = ["--as", "--scenario", "--checked-scenario"];

/** What a mock agent is asked to do. */
export type MockCommand = {
  readonly agent: MockAgentName;
  /** A scenario's name, or a path. */
  readonly scenario: string;
  /** The scenario is a file that `writeMockAgent` has written, and so is known to be valid. */
  readonly isChecked: boolean;
  /** Asked for its version alone, as a probe does. */
  readonly wantsVersion: boolean;
};

/**
 * Reads `[--as AGENT] [--scenario NAME|FILE] [the real CLI's arguments…]`. Its own options come first; whatever follows is
 * the real CLI's, and is ignored but for `--version`.
 * @throws DocumentError where the agent is unknown.
 */
export function parseMockCommand(args: readonly string[], env: NodeJS.ProcessEnv): MockCommand {
  const own = new Map<string, string>();
  let index = 0;
  for (; OWN_OPTIONS.includes(args[index] ?? ""); index += 2) own.set(args[index] ?? "", args[index + 1] ?? "");
  const checked = own.get("--checked-scenario");
  return {
    agent: toAgent(own.get("--as") ?? "command"),
    scenario: checked ?? own.get("--scenario") ?? env[SCENARIO_VARIABLE] ?? "honest_work",
    isChecked: checked !== undefined,
    wantsVersion: ["--version", "-v", "-V"].includes(args[index] ?? "") && args.length === index + 1,
  };
}

/**
 * Reads the scenario of a command. What checks scenarios is only loaded where there is something to check: it takes longer
 * than all the rest, and an agent of no delay is what overhead is measured with.
 * @throws DocumentError where it is unknown or not valid.
 */
export async function readScenario({ scenario, isChecked }: MockCommand): Promise<Scenario> {
  if (isChecked) return JSON.parse(readFileSync(scenario, "utf8")) as Scenario;
  if (!isPath(scenario)) return (await import("./named-scenarios.ts")).findScenario(scenario);
  return (await import("./scenario-schema.ts")).parseScenario(readFileSync(scenario, "utf8"));
}

/**
 * The folder that counts the calls of a scenario: beside its file, or where the environment says.
 * @throws DocumentError where there is neither.
 */
export function findCallsFolder({ scenario }: MockCommand, env: NodeJS.ProcessEnv): string {
  const folder = env[CALLS_VARIABLE] ?? (isPath(scenario) ? `${scenario}.calls` : undefined);
  if (folder !== undefined) return folder;
  throw new DocumentError(
    `Scenario ${scenario} does something else at each call: set ${CALLS_VARIABLE} to a folder that counts them.`,
  );
}

function isPath(scenario: string): boolean {
  return /[./\\]/.test(scenario);
}

function toAgent(name: string): MockAgentName {
  const agent = MOCK_AGENT_NAMES.find((candidate) => candidate === name);
  if (agent !== undefined) return agent;
  throw new DocumentError(`There is no agent ${name} to stand for. There are: ${MOCK_AGENT_NAMES.join(", ")}.`);
}
