/**
 * One iteration: prompt, agent, change, gates, verdict, checkpoint. Each stage records its result and is skipped where the result
 * is there already, so that an iteration which a crash cut off is finished by running the same stages again.
 */
import {
  closeIteration,
  composePrompt,
  gatesOf,
  judgeIteration,
  taskState,
  type IterationVerdict,
  type Phase,
  type Task,
} from "@cloister/core";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkChange } from "./check.ts";
import { makeCheckpoint } from "./checkpoint.ts";
import { observeChange } from "./observe.ts";
import { runAgent } from "./run-agent.ts";
import type { Session } from "./session.ts";

/** Most bytes of a diff or learnings file that are read for a prompt. */
const MATERIAL_BYTES = 256 * 1024;

/** Runs a whole iteration of `task`. */
export async function iterate(session: Session, task: Task, phase: Phase): Promise<void> {
  const { state, parts } = session;
  await session.gateway; // What keeps it from opening is said before an iteration begins.
  const prompt = await buildPrompt(session, task, phase);
  const iteration = state.iterations + 1;
  session.record({
    type: "iteration_started",
    iteration,
    task: task.id,
    phase,
    prompt: parts.evidence.put(prompt),
    head: state.head,
  });
  const { run, agent } = state.charter;
  const span = parts.telemetry.startIteration({ run, task: task.id, iteration, agent: agent.name });
  let outcome: IterationVerdict["type"] = "interrupted";
  try {
    await runAgent(session, prompt, span.traceparent);
    outcome = await finishIteration(session);
  } finally {
    span.end(outcome);
  }
}

/** Takes the open iteration from wherever it stands to its end. */
export async function finishIteration(session: Session): Promise<IterationVerdict["type"]> {
  const { open } = session.state;
  if (open === undefined) return "interrupted";
  await observeChange(session);
  if (worthChecking(session)) await checkChange(session);
  judge(session);
  await makeCheckpoint(session);
  const verdict = session.state.open?.verdict?.type ?? "interrupted";
  session.conclude(...closeIteration(session.state, session.parts.now()));
  return verdict;
}

/** Gates run on every change, so that failures teach, and on every claim. Not where the agent failed, or the run is being stopped. */
function worthChecking(session: Session): boolean {
  const { open } = session.state;
  const ended = open?.phase === "implement" && open.agent?.outcome.type === "finished";
  if (session.stopped || open === undefined || !ended || open.verdict !== undefined) return false;
  return open.change?.unchanged === false || (open.agent.claimed && couldBeDone(session));
}

function couldBeDone({ state, openTask }: Session): boolean {
  return state.open?.change?.taskUnchanged === false || openTask?.allowEmptyDiff === true;
}

function judge(session: Session): void {
  const { open } = session.state;
  if (open === undefined || open.verdict !== undefined) return;
  const task = taskState(session.state, open.task);
  const cutOff =
    session.stopped && open.agent?.outcome.type === "finished" && open.phase === "implement" && !gatesComplete(session);
  const verdict = cutOff
    ? { type: "interrupted" as const }
    : judgeIteration(open, task, gatesOf(session.state, task.task));
  session.conclude({ type: "iteration_judged", iteration: open.iteration, verdict });
}

function gatesComplete(session: Session): boolean {
  const { open } = session.state;
  const task = session.openTask;
  return (
    open === undefined ||
    task === undefined ||
    gatesOf(session.state, task).every(({ name }) => open.gates.some(({ gate }) => gate === name))
  );
}

async function buildPrompt(session: Session, task: Task, phase: Phase): Promise<string> {
  const { state, parts } = session;
  const { planFile, workTree, config } = parts;
  const base = taskState(state, task.id).baseCommit;
  const diff = base === undefined || base === state.head ? "" : await workTree.patch(base, state.head, MATERIAL_BYTES);
  return composePrompt(state, task.id, phase, {
    learnings: readBounded(join(state.charter.workspace, planFile.learnings)),
    learningsFile: planFile.learnings,
    diff,
    extra: config.prompt.extra,
    budget: {
      learnings: config.prompt.learningsBytes,
      diff: config.prompt.diffBytes,
      failure: config.prompt.failureBytes,
    },
  });
}

function readBounded(path: string): string {
  try {
    return readFileSync(path, "utf8").slice(-MATERIAL_BYTES);
  } catch {
    return ""; // Nothing was learnt yet.
  }
}
