/** From the start of the `cloister` process to the start of the first agent process, a trivial baseline gate included. */
import { idleAgent } from "../agents.ts";
import type { Breakdown, Findings, Measurement, Round, Scenario } from "../measurement.ts";
import {
  BUILT,
  EDITIONS,
  type Edition,
  type PrintedEvent,
  printedEvents,
  runArguments,
  runCloister,
  runNode,
} from "../run-cloister.ts";
import { createSandbox, type Sandbox, takeStarts } from "../sandbox.ts";

const ROUNDS = 21;
const TARGET_MS = 400;

/** Node that starts the agent and does nothing else: no start can be faster. */
const BARE = `require("node:child_process").spawn("sh", ["-c", process.argv[1]], { stdio: ["ignore", "ignore", "ignore"] })`;

/** What has happened when an event is recorded. */
const STAGES: readonly (readonly [string, string])[] = [
  ["run_created", "Node starts; modules load; plan, configuration and repository are read"],
  ["workspace_prepared", "git: the worktree on its branch"],
  ["baseline_recorded", "the gate on the base commit; TODO marks counted"],
  ["iteration_started", "first prompt"],
];

/** The scenario. */
export const START_UP: Scenario = { name: "start-up", measure };

type Start = { readonly toAgent: number; readonly events: readonly PrintedEvent[]; readonly startedAt: number };

async function measure(): Promise<Findings> {
  using sandbox = createSandbox();
  for (const edition of EDITIONS) await start(sandbox, edition); // Fills the compile cache, as any first use does.
  const measurements: Measurement[] = [];
  const breakdowns: Breakdown[] = [];
  for (const edition of EDITIONS) {
    const starts: Start[] = [];
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const one = await start(sandbox, edition);
      starts.push(one);
      rounds.push({ cloister: [one.toAgent], peer: [await startBare(sandbox)] });
    }
    const name = `Start of \`cloister run\` to the first agent (${edition.name})`;
    measurements.push({
      name,
      unit: "ms",
      peer: "Node alone, starting the agent",
      rounds,
      ...(edition === BUILT ? { target: { of: "cloister", p50: TARGET_MS } as const } : {}),
    });
    breakdowns.push(breakDown(name, starts));
  }
  return { measurements, breakdowns };
}

async function start(sandbox: Sandbox, edition: Edition): Promise<Start> {
  const ran = await runCloister(sandbox, runArguments(idleAgent(sandbox), 1), edition);
  const [agent = Number.NaN] = takeStarts(sandbox);
  return { toAgent: agent - ran.startedAt, events: printedEvents(ran), startedAt: ran.startedAt };
}

async function startBare(sandbox: Sandbox): Promise<number> {
  const { startedAt } = await runNode(sandbox, ["-e", BARE, idleAgent(sandbox)]);
  const [agent = Number.NaN] = takeStarts(sandbox);
  return agent - startedAt;
}

function breakDown(name: string, starts: readonly Start[]): Breakdown {
  const parts = STAGES.map(([type, stage], index) => ({
    name: stage,
    values: starts.map((one) => timeOf(one, type) - timeOf(one, STAGES[index - 1]?.[0])),
  }));
  const rest = starts.map((one) => one.toAgent - (timeOf(one, "iteration_started") - one.startedAt));
  return { name, parts: [...parts, { name: "the agent's process starts", values: rest }] };
}

function timeOf({ events, startedAt }: Start, type: string | undefined): number {
  return events.find((event) => event.type === type)?.time ?? startedAt;
}
