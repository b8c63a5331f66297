import { PHASES, type Phase } from "../plan/plan.ts";
import type { RunEvent } from "../run/event.ts";
import type { RunState, TaskState } from "../run/state.ts";
import { toEvidence, toFact, type Fact } from "./fact.ts";
import type { LeftTask, PhaseProgress, TaskRow } from "./model.ts";
import { toPlainLine } from "./plain-text.ts";
import type { IterationRecord, RunRecord } from "./run-record.ts";

const TITLE_CHARS = 200;
const NOTE_CHARS = 500;

/** The status matrix: one row a task, in the plan's order. */
export function toTaskRows(record: RunRecord): TaskRow[] {
  return record.state.tasks.map((task) => {
    const own = record.iterations.filter((iteration) => iteration.task === task.task.id);
    return {
      id: task.task.id,
      title: toPlainLine(task.task.title, TITLE_CHARS),
      phases: {
        analyse: toPhase(task, "analyse", own),
        implement: toPhase(task, "implement", own),
        review: toPhase(task, "review", own),
      },
      status: toFact(task.status, statusPositions(record, task, own)),
      iterations: toFact(
        task.iterations,
        own.map(({ started }) => started),
      ),
      doneBefore: task.task.done,
      note: toNote(task),
    };
  });
}

/** What is not done, and why. */
export function toLeft(record: RunRecord): LeftTask[] {
  return record.state.tasks
    .filter(({ status }) => status !== "done")
    .map((task) => ({
      id: task.task.id,
      title: toPlainLine(task.task.title, TITLE_CHARS),
      why: toPlainLine(whyLeft(record.state, task), NOTE_CHARS),
      evidence: toEvidence(
        statusPositions(
          record,
          task,
          record.iterations.filter((iteration) => iteration.task === task.task.id),
        ),
      ),
    }));
}

function toPhase(task: TaskState, phase: Phase, own: readonly IterationRecord[]): Fact<PhaseProgress> {
  const planned = phase === "implement" || task.task.phases.includes(phase);
  if (!planned || task.task.done) return toFact("none", []);
  const ofPhase = own.filter((iteration) => iteration.phase === phase);
  const isPast = task.status === "done" || PHASES.indexOf(phase) < PHASES.indexOf(task.phase);
  if (!isPast) return toFact("pending", ofPhase.map(({ verdict }) => verdict?.position).slice(-1));
  const accepted = ofPhase.filter(({ verdict }) => verdict?.value.type === "accepted").at(-1);
  return toFact("passed", accepted === undefined ? [] : proofOf(accepted));
}

/** What was seen in an iteration: its change, its gates, its findings and what was made of them. */
function proofOf({ change, gates, findings, verdict }: IterationRecord): (number | undefined)[] {
  const seen = [...gates, ...findings].map(({ position }) => position);
  return [change?.position, ...seen, verdict?.position];
}

/** Events that a task's status rests on: what proved it, what gave it up, else the last that is known of it. */
function statusPositions(
  { events }: RunRecord,
  task: TaskState,
  own: readonly IterationRecord[],
): (number | undefined)[] {
  const created = events[0]?.position;
  if (task.status === "pending" || task.status === "active")
    return [own.at(-1)?.verdict?.position ?? own.at(-1)?.started ?? created];
  const settled = events.findLast(({ event }) => isSettling(event) && event.task === task.task.id);
  return [...(task.status === "done" ? proofOfWork(own) : []), settled?.position ?? created];
}

function isSettling(event: RunEvent): event is Extract<RunEvent, { type: "task_completed" | "task_blocked" }> {
  return event.type === "task_completed" || event.type === "task_blocked";
}

function proofOfWork(own: readonly IterationRecord[]): (number | undefined)[] {
  const built = own.findLast(({ phase, verdict }) => phase === "implement" && verdict?.value.type === "accepted");
  return built === undefined ? [] : proofOf(built);
}

function toNote(task: TaskState): string {
  if (task.task.done) return "done before this run, says the plan";
  if (task.provenBy !== undefined) return `done with iteration ${task.provenBy}`;
  return task.blocked === undefined ? "" : toPlainLine(`${task.blocked.why}: ${task.blocked.detail}`, NOTE_CHARS);
}

function whyLeft(state: RunState, task: TaskState): string {
  if (task.blocked !== undefined) return `${describeBlock(task.blocked.why)}: ${task.blocked.detail}`;
  const open = task.task.dependsOn.filter((id) =>
    state.tasks.some((other) => other.task.id === id && other.status !== "done"),
  );
  if (open.length > 0) return `waits for ${open.join(", ")}`;
  const end =
    state.ended === undefined ? "the run goes on" : `the run ended first (${state.ended.reason.replaceAll("_", " ")})`;
  return task.iterations === 0 ? `not begun: ${end}` : `not proven yet: ${end}`;
}

function describeBlock(why: string): string {
  return `given up (${why.replaceAll("_", " ")})`;
}
