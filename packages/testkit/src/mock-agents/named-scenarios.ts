import { DocumentError } from "../document-error.ts";
import { type ScenarioSource, scenarioSchema } from "./scenario-schema.ts";
import type { Scenario } from "./scenario.ts";
import { CLAIM_SCENARIOS } from "./scenarios/claims.ts";
import { EVASION_SCENARIOS } from "./scenarios/evasions.ts";
import { FAILURE_SCENARIOS } from "./scenarios/failures.ts";
import { OUTPUT_SCENARIOS } from "./scenarios/outputs.ts";
import { PROCESS_SCENARIOS } from "./scenarios/processes.ts";

const SOURCES: Readonly<Record<string, ScenarioSource>> = {
  ...CLAIM_SCENARIOS,
  ...EVASION_SCENARIOS,
  ...FAILURE_SCENARIOS,
  ...PROCESS_SCENARIOS,
  ...OUTPUT_SCENARIOS,
};

/** Names of the scenarios that come with the testkit. Those that change files work on the sample project. */
export const SCENARIO_NAMES: readonly string[] = Object.keys(SOURCES);

/** Gives a scenario by name. @throws DocumentError that lists the names where there is none of this one. */
export function findScenario(name: string): Scenario {
  if (!Object.hasOwn(SOURCES, name)) {
    throw new DocumentError(`There is no scenario ${name}. There are: ${SCENARIO_NAMES.join(", ")}.`);
  }
  return scenarioSchema.parse(SOURCES[name]);
}
