/** What Cloister adds to an iteration: the time from one agent's start to the next, less the agent's own. */
import { busyAgent, idleAgent } from "../agents.ts";
import type { Breakdown, Findings, Round, Scenario, Target } from "../measurement.ts";
import { runBareLoop } from "../run-bare-loop.ts";
import { type PrintedEvent, printedEvents, runArguments, runCloister } from "../run-cloister.ts";
import { createSandbox, intervals, type Sandbox, takeStarts } from "../sandbox.ts";

const ROUNDS = 5;
/** In a round; the intervals between them are one less. */
const ITERATIONS = 51;

type Case = {
  readonly name: string;
  readonly agent: (sandbox: Sandbox) => string;
  readonly target: Target;
  /** The same work by hand, for a second peer. */
  readonly byHand?: { readonly name: string; readonly after: string };
};

const CASES: readonly Case[] = [
  {
    name: "An iteration that changes nothing",
    agent: idleAgent,
    target: { of: "difference", p50: 15, p95: 40 },
  },
  {
    name: "An iteration with a changed file, a trivial gate and a checkpoint commit",
    agent: busyAgent,
    target: { of: "difference", p50: 60 },
    byHand: {
      name: "shell loop: agent, `true`, git add, git commit",
      after: "true; git add -A; git commit -q -m work",
    },
  },
];

/** One scenario a case. */
export const ITERATION_SCENARIOS: readonly Scenario[] = CASES.map((one, index) => ({
  name: index === 0 ? "unchanged" : "checkpoint",
  measure: () => measure(one),
}));

async function measure({ name, agent, target, byHand }: Case): Promise<Findings> {
  using sandbox = createSandbox();
  const command = agent(sandbox);
  const [bare, hand]: Round[][] = [[], []];
  const events: PrintedEvent[][] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    events.push(printedEvents(await runCloister(sandbox, runArguments(command, ITERATIONS))));
    const cloister = intervals(takeStarts(sandbox));
    bare?.push({ cloister, peer: await timeBareLoop(sandbox, command) });
    if (byHand !== undefined) hand?.push({ cloister, peer: await timeBareLoop(sandbox, command, byHand.after) });
  }
  const ofHand = { name: `${name}, against the same by hand`, peer: byHand?.name ?? "", rounds: hand ?? [] };
  return {
    measurements: [
      { name, unit: "ms", peer: "shell loop: agent alone", rounds: bare ?? [], target },
      ...(byHand === undefined ? [] : [{ ...ofHand, unit: "ms" as const }]),
    ],
    breakdowns: [breakDown(name, events)],
  };
}

async function timeBareLoop(sandbox: Sandbox, command: string, after?: string): Promise<number[]> {
  await runBareLoop(sandbox, { command, iterations: ITERATIONS, ...(after === undefined ? {} : { after }) });
  return intervals(takeStarts(sandbox));
}

/** What goes on until an event is recorded. Events that are not here belong to the next that is. */
const STAGES: Readonly<Record<string, string>> = {
  agent_started: "record the start; start the agent's process",
  agent_ended: "the agent itself; look for what it left running",
  change_observed: "record the agent's end; git: what changed",
  gate_started: "guards on the change",
  gate_judged: "the gate's process",
  iteration_judged: "record the change; git: take back what gates left",
  checkpoint_created: "git: commit, move the branch",
  iteration_started: "record the end; compose the next prompt",
};

/** Times between the events of iterations, by what goes on in between. Whole milliseconds each: their mean is what counts. */
function breakDown(name: string, runs: readonly (readonly PrintedEvent[])[]): Breakdown {
  const values = new Map<string, number[]>();
  for (const events of runs) {
    const first = events.findIndex(({ type }) => type === "iteration_started");
    let since = events[first]?.time ?? 0;
    for (const { type, time } of events.slice(first + 1)) {
      const stage = STAGES[type];
      if (stage === undefined) continue;
      values.set(stage, [...(values.get(stage) ?? []), time - since]);
      since = time;
    }
  }
  const parts = Object.values(STAGES).flatMap((stage) => {
    const found = values.get(stage);
    return found === undefined ? [] : [{ name: stage, values: found }];
  });
  return { name, parts };
}
