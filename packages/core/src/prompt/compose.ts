/**
 * Composes the prompt of an iteration. What stays the same comes first and what changes last, so that providers can cache the
 * prefix: rules, plan and gates are equal for the whole run; then the task; then the state of things.
 */
import { assertNever } from "../errors.ts";
import type { Finding } from "../gate/finding.ts";
import type { JudgedGate } from "../gate/result.ts";
import type { GateSpec, Phase } from "../plan/plan.ts";
import { CLAIM_LINE, PROMISE } from "../run/claim.ts";
import { gatesOf } from "../run/decide.ts";
import type { Rejection } from "../run/event.ts";
import { taskState, type ClosedIteration, type RunState, type TaskState } from "../run/state.ts";
import type { TaskId } from "../ids.ts";
import { excerpt, fence, tail } from "./excerpt.ts";

/** What the world adds to a prompt. */
export type PromptMaterial = {
  /** Content of the learnings file, empty where there is none. */
  readonly learnings: string;
  /** Path of the learnings file, relative to the workspace. */
  readonly learningsFile: string;
  /** Diff of the task so far. */
  readonly diff: string;
  /** Text that the user's configuration adds to the stable part. */
  readonly extra: string;
  readonly budget: PromptBudget;
};

/** Most characters of the parts that grow. */
export type PromptBudget = { readonly learnings: number; readonly diff: number; readonly failure: number };

export const DEFAULT_PROMPT_BUDGET: PromptBudget = { learnings: 4000, diff: 8000, failure: 4000 };

/** The prompt for the next iteration of `task` in `phase`. */
export function composePrompt(state: RunState, task: TaskId, phase: Phase, material: PromptMaterial): string {
  const current = taskState(state, task);
  const parts = [
    ...stablePart(state, material),
    taskPart(current, phase),
    ...gatePart(gatesOf(state, current.task)),
    ...notesPart(current, phase),
    learningsPart(material),
    progressPart(state),
    ...diffPart(material, phase),
    ...feedbackPart(state, current, material),
    ...remarksPart(state),
    endPart(phase),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function stablePart({ charter }: RunState, { extra, learningsFile }: PromptMaterial): string[] {
  const { plan } = charter;
  const tasks = plan.tasks.map(({ id, title }) => `- ${id}: ${title}`).join("\n");
  return [
    `You work in a loop: each time with a fresh context, on one task of a plan, in this folder (a git work tree).
Nobody can answer questions; decide, and write down why where it matters.

Rules:
- Work on the one task below and on nothing else.
- Look before you write: what you need may exist already.
- No placeholders and no shortcuts. Do not weaken, skip or delete tests, and do not change how tests and checks are run.
- Your word completes nothing: when you end, the gates are run by the loop itself, and only they decide.
- Commits are made for you after you end. Do not switch branches or rewrite history.
- The plan's file and its check marks are kept by the loop; leave them alone.
- What later contexts must know (a command that works, a trap) goes into ${learningsFile}, in a line or two.`,
    extra,
    plan.context === "" ? "" : `# Plan: ${plan.title}\n\n${plan.context}`,
    plan.tasks.length > 1 ? `# Tasks of the plan\n\n${tasks}` : "",
  ];
}

const PHASE_ORDERS: Readonly<Record<Phase, string>> = {
  analyse:
    "Analyse only: find out what is there, what is missing and how it should be done. Change no file. Your final message is handed to whoever implements it.",
  implement: "Implement it, with tests where the project has tests, and run the checks yourself before you end.",
  review:
    "Review the change that is shown below: does it do what the task asks, simply and without breaking anything? Change no file. Approve it, or say exactly what must change.",
};

function taskPart({ task }: TaskState, phase: Phase): string {
  return `# Your task\n\nTask: ${task.title}\nId: ${task.id}\n\n${PHASE_ORDERS[phase]}${task.body === "" ? "" : `\n\n${task.body}`}`;
}

function gatePart(gates: readonly GateSpec[]): string[] {
  const shown = gates.filter(({ heldOutFiles }) => heldOutFiles === undefined);
  if (shown.length === 0) return [];
  return [
    `# Gates\n\n${shown.map(({ name, command }) => `- ${name}: \`${command.replaceAll("\n", "; ")}\``).join("\n")}`,
  ];
}

function notesPart({ notes }: TaskState, phase: Phase): string[] {
  const parts: string[] = [];
  if (phase === "implement" && notes.analyse !== undefined)
    parts.push(`# Analysis made before\n\n${fence(excerpt(notes.analyse, 8000))}`);
  if (phase === "implement" && notes.review !== undefined)
    parts.push(`# The reviewer asks for changes\n\n${fence(excerpt(notes.review, 8000))}`);
  return parts;
}

function learningsPart({ learnings, budget }: PromptMaterial): string {
  return learnings.trim() === "" ? "" : `# Learnt so far\n\n${tail(learnings.trim(), budget.learnings)}`;
}

function progressPart({ tasks }: RunState): string {
  if (tasks.length < 2) return "";
  return `# State of the plan\n\n${tasks.map(({ task, status }) => `- [${status === "done" ? "x" : " "}] ${task.id} (${status})`).join("\n")}`;
}

function diffPart({ diff, budget }: PromptMaterial, phase: Phase): string[] {
  if (diff.trim() === "") return [];
  const title = phase === "review" ? "# The change to review" : "# Changed for this task so far";
  return [`${title}\n\n${fence(excerpt(diff, phase === "review" ? budget.diff * 4 : budget.diff))}`];
}

function feedbackPart(state: RunState, task: TaskState, { budget }: PromptMaterial): string[] {
  const parts: string[] = [];
  if (state.rolledBack === task.task.id)
    parts.push(
      "The work was red for too long and has been undone: the folder is back at the last good state. Try another way.",
    );
  if (task.last !== undefined) parts.push(...lastIteration(task.last, budget.failure));
  return parts.length === 0 ? [] : [`# What came of the last attempt\n\n${parts.join("\n\n")}`];
}

function lastIteration({ verdict, gates, findings, contextFull }: ClosedIteration, limit: number): string[] {
  const parts: string[] = [];
  if (verdict.type === "rejected")
    parts.push(`It claimed to be complete and was sent back:\n${verdict.because.map(describeRejection).join("\n")}`);
  if (verdict.type === "unclaimed") parts.push("It ended without claiming completion.");
  if (verdict.type === "failed")
    parts.push(`The attempt failed (${verdict.failure}): ${excerpt(verdict.message, 500)}`);
  if (verdict.type === "interrupted") parts.push("It was interrupted; what it had changed is still here.");
  if (contextFull || (verdict.type === "failed" && verdict.failure === "context_overflow"))
    parts.push("Its context was full: work in smaller steps, and write down what you learn before you go on.");
  const claimed = new Set(verdict.type === "rejected" ? verdict.because.map(describeRejection) : []);
  const others = findings.map(describeFinding).filter((line) => !claimed.has(line));
  if (others.length > 0) parts.push(`Noticed in the change:\n${others.join("\n")}`);
  const red = gates.filter(({ outcome }) => outcome !== "passed");
  if (gates.length > 0 && red.length === 0)
    parts.push("Every gate passed. If the task is complete, say so as told below.");
  return [...parts, ...red.map((gate) => describeRedGate(gate, Math.floor(limit / red.length)))];
}

const OUTCOME_WORDS = {
  failed: "failed",
  inconclusive: "gave no verdict",
  pre_existing: "was red before this run and still is",
  passed: "passed",
} as const;

function describeRedGate(
  { gate, outcome, inconclusive, newFailures, excerpt: output }: JudgedGate,
  limit: number,
): string {
  const why = inconclusive === undefined ? "" : ` (${inconclusive.replaceAll("_", " ")})`;
  const tests = newFailures.length === 0 ? "" : `\nFailing: ${newFailures.slice(0, 20).join(", ")}`;
  return `Gate ${gate} ${OUTCOME_WORDS[outcome]}${why}.${tests}\n${fence(excerpt(output, limit))}`;
}

/** A rejection as a line for agent and person. */
export function describeRejection(rejection: Rejection): string {
  switch (rejection.type) {
    case "no_change":
      return "- no file was changed for this task";
    case "gate_failed":
      return `- gate ${rejection.gate} failed`;
    case "gate_inconclusive":
      return `- gate ${rejection.gate} gave no verdict`;
    case "nothing_proves":
      return "- no gate shows that the work is done: what was red before is still red";
    case "no_gates":
      return "- there is no gate that could prove it";
    case "finding":
      return describeFinding(rejection.finding);
    case "changes_requested":
      return "- the reviewer asks for changes";
    default:
      return assertNever(rejection, "rejection");
  }
}

function describeFinding({ name, message, file, line }: Finding): string {
  const place = file === undefined ? "" : ` (${file}${line === undefined ? "" : `:${line}`})`;
  return `- ${name.replaceAll("_", " ")}${place}: ${message}`;
}

function remarksPart({ remarks }: RunState): string[] {
  return remarks.length === 0
    ? []
    : [`# Remarks of the user, for now\n\n${remarks.map((text) => `- ${text}`).join("\n")}`];
}

const END_CONDITIONS: Readonly<Record<Phase, string>> = {
  analyse: "the analysis is complete",
  implement: "the task is complete and you have seen its checks pass",
  review: "the change is right as it is",
};

function endPart(phase: Phase): string {
  return `# How to end

If ${END_CONDITIONS[phase]}, end your final message with ${PROMISE}, or with ${CLAIM_LINE} on a line of its own.
If not, leave both out and say what is left.`;
}
