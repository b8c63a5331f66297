/**
 * The completion policy (I1, I2, I3): what an iteration came to, from what was seen. A claim alone accepts nothing.
 */
import type { GateSpec } from "../plan/plan.ts";
import type { IterationVerdict, Rejection } from "./event.ts";
import type { OpenIteration, TaskState } from "./state.ts";

/** Judges the open iteration of `task`. `gates` are those that apply to the task. */
export function judgeIteration(open: OpenIteration, task: TaskState, gates: readonly GateSpec[]): IterationVerdict {
  const outcome = open.agent?.outcome;
  if (outcome === undefined || outcome.type === "stopped") return { type: "interrupted" };
  if (outcome.type === "failed") return outcome;
  if (open.phase === "analyse") return { type: open.agent?.claimed === true ? "accepted" : "unclaimed" };
  if (open.phase === "review") return judgeReview(open);
  if (open.agent?.claimed !== true) return { type: "unclaimed" };
  const because = rejections(open, task, gates);
  return because.length === 0 ? { type: "accepted" } : { type: "rejected", because };
}

/** A reviewer approves by the claim; whatever else it says is what must change. */
function judgeReview(open: OpenIteration): IterationVerdict {
  return open.agent?.claimed === true
    ? { type: "accepted" }
    : { type: "rejected", because: [{ type: "changes_requested" }] };
}

function rejections(open: OpenIteration, task: TaskState, gates: readonly GateSpec[]): Rejection[] {
  const found: Rejection[] = [];
  if (open.change?.taskUnchanged !== false && !task.task.allowEmptyDiff) found.push({ type: "no_change" });
  for (const { gate, outcome } of open.gates) {
    if (outcome === "failed") found.push({ type: "gate_failed", gate });
    if (outcome === "inconclusive") found.push({ type: "gate_inconclusive", gate });
  }
  for (const { finding, blocks } of open.findings) if (blocks) found.push({ type: "finding", finding });
  return found.length > 0 ? found : missingProof(open, gates);
}

/** Nothing speaks against the claim: does anything speak for it? */
function missingProof(open: OpenIteration, gates: readonly GateSpec[]): Rejection[] {
  if (gates.length === 0) return [{ type: "no_gates" }];
  const judged = new Set(open.gates.map(({ gate }) => gate));
  const complete = gates.every(({ name }) => judged.has(name));
  const proven = open.gates.some(({ outcome }) => outcome === "passed");
  return complete && proven ? [] : [{ type: "nothing_proves" }];
}

/** True where the gates say that the tree is good: at least one passed, and none failed or was inconclusive. */
export function isGreen(open: OpenIteration): boolean {
  const bad = open.gates.some(({ outcome }) => outcome === "failed" || outcome === "inconclusive");
  return !bad && open.gates.some(({ outcome }) => outcome === "passed") && !open.findings.some(({ blocks }) => blocks);
}
