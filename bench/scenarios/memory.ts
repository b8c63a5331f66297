/** The most memory that the `cloister` process ever holds, in a run of 50 iterations with one line of 50 MB. */
import { longLineAgent } from "../agents.ts";
import type { Findings, Measurement, Round, Scenario } from "../measurement.ts";
import { BUILT, EDITIONS, runArguments, runCloister, runNode } from "../run-cloister.ts";
import { createSandbox, type Sandbox, takeStarts } from "../sandbox.ts";

const ROUNDS = 3;
const ITERATIONS = 50;
const TARGET_MB = 120;

/** Node that runs the agent as often, reads its output and forgets it. */
const BARE = `const { spawn } = require("node:child_process");
(function again(i) {
  if (i > ${ITERATIONS}) return;
  const env = { ...process.env, CLOISTER_ITERATION: String(i) };
  const child = spawn("sh", ["-c", process.argv[1]], { env, stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.resume();
  child.on("close", () => again(i + 1));
})(1)`;

/** The scenario. */
export const MEMORY: Scenario = { name: "memory", measure };

/** Text is kept from the end; events are read line by line. */
const AGENTS: readonly (readonly [agent: string, output: string])[] = [
  ["command", "text"],
  ["claude", "events"],
];

async function measure(): Promise<Findings> {
  using sandbox = createSandbox();
  const measurements: Measurement[] = [];
  for (const edition of EDITIONS)
    for (const [agent, output] of AGENTS) {
      const rounds: Round[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const { peakMemory } = await runCloister(
          sandbox,
          runArguments(longLineAgent(sandbox), ITERATIONS, agent),
          edition,
        );
        rounds.push({ cloister: [peakMemory], peer: [await measureBare(sandbox)] });
        takeStarts(sandbox);
      }
      const name = `Peak memory of ${ITERATIONS} iterations, one with a 50 MB line of ${output} (${edition.name})`;
      measurements.push({
        name,
        unit: "MB",
        peer: "Node alone, running the agent",
        rounds,
        ...(edition === BUILT ? { target: { of: "cloister", p50: TARGET_MB } as const } : {}),
      });
    }
  return { measurements, breakdowns: [] };
}

async function measureBare(sandbox: Sandbox): Promise<number> {
  return (await runNode(sandbox, ["-e", BARE, longLineAgent(sandbox)])).peakMemory;
}
