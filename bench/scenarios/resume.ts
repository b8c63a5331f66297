/** How long a run with a long journal takes to go on, against one with a short journal. */
import { loadConfig, resumeRun } from "@cloister/engine";
import { chattyAgent } from "../agents.ts";
import type { Findings, Round, Scenario } from "../measurement.ts";
import { printedEvents, runArguments, runCloister } from "../run-cloister.ts";
import { createSandbox, type Sandbox, takeStarts } from "../sandbox.ts";

const ROUNDS = 11;
const EVENTS = 100_000;
/** Cloister journals 5,000 of an agent's events in an iteration at most. */
const EVENTS_PER_ITERATION = 5000;
const TARGET_MS = 1000;

/** The scenario. */
export const RESUME: Scenario = { name: "resume", measure };

async function measure(): Promise<Findings> {
  using long = createSandbox();
  using short = createSandbox();
  const length = await fill(long, EVENTS / EVENTS_PER_ITERATION);
  if (length < EVENTS) throw new Error(`Expected a journal of ${EVENTS} events, made one of ${length}.`);
  await fill(short, 1, 1);
  // From here on it says one thing an iteration, or else the journal would grow by half while its resume is measured.
  chattyAgent(long, 1);
  let limit = EVENTS / EVENTS_PER_ITERATION + 1;
  const [inProcess, wholeProcess]: Round[][] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    inProcess?.push({ cloister: [await resumeHere(long, limit)], peer: [await resumeHere(short, limit)] });
    wholeProcess?.push({
      cloister: [await resumeProcess(long, limit + 1)],
      peer: [await resumeProcess(short, limit + 1)],
    });
    limit += 2;
  }
  const target = { of: "cloister", p50: TARGET_MS } as const;
  const peer = "the same with a journal of a few events";
  const journal = `a journal of ${EVENTS.toLocaleString("en")} events`;
  return {
    measurements: [
      { name: `Resume of ${journal}: call to first step`, unit: "ms", peer, rounds: inProcess ?? [], target },
      {
        name: `\`cloister resume\` of ${journal}: process to first step`,
        unit: "ms",
        peer,
        rounds: wholeProcess ?? [],
        target,
      },
    ],
    breakdowns: [],
  };
}

/** Runs an agent that says much. @returns how many events the journal then holds. */
async function fill(sandbox: Sandbox, iterations: number, lines: number = EVENTS_PER_ITERATION): Promise<number> {
  const ran = await runCloister(sandbox, runArguments(chattyAgent(sandbox, lines), iterations, "claude"));
  takeStarts(sandbox);
  return printedEvents(ran).at(-1)?.position ?? 0;
}

/** In this process: from the call to the first iteration's start, in ms. */
async function resumeHere({ root, env }: Sandbox, maxIterations: number): Promise<number> {
  const { values } = loadConfig({ repository: root, env, home: env["HOME"] ?? "" });
  const from = performance.now();
  let stepAt = Number.NaN;
  await resumeRun({
    folder: root,
    env,
    config: values,
    limits: { maxIterations },
    onEvent: ({ event }) => {
      if (event.type === "iteration_started") stepAt = performance.now();
    },
  });
  return stepAt - from;
}

/** A process of its own: from its start to the first iteration's start, in ms. */
async function resumeProcess(sandbox: Sandbox, maxIterations: number): Promise<number> {
  const ran = await runCloister(sandbox, ["resume", "--max-iterations", String(maxIterations)]);
  takeStarts(sandbox);
  const step = printedEvents(ran).find(({ type }) => type === "iteration_started");
  return (step?.time ?? Number.NaN) - ran.startedAt;
}
