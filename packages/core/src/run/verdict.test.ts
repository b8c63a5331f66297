import assert from "node:assert/strict";
import { test } from "node:test";
import type { GateOutcome } from "../gate/result.ts";
import type { IterationVerdict } from "./event.ts";
import { replay } from "./evolve.ts";
import { sampleCharter, sampleTask, judgedGate } from "./testing/samples.ts";
import type { OpenIteration } from "./state.ts";
import { taskState } from "./state.ts";
import { judgeIteration } from "./verdict.ts";

const GATE = { name: "test", command: "npm test" };
const FINISHED = { type: "finished" } as const;

type Case = {
  readonly given: string;
  readonly claimed?: boolean;
  readonly taskUnchanged?: boolean;
  readonly allowEmptyDiff?: boolean;
  readonly gates?: readonly GateOutcome[];
  readonly configured?: number;
  readonly blocks?: boolean;
  readonly open?: Partial<OpenIteration>;
  readonly verdict: string;
};

const CASES: readonly Case[] = [
  { given: "a claim, a change and a passing gate", verdict: "accepted" },
  { given: "no claim, with everything green", claimed: false, verdict: "unclaimed" },
  { given: "a claim with no change", taskUnchanged: true, verdict: "rejected: no_change" },
  {
    given: "a claim with no change, where none is needed",
    taskUnchanged: true,
    allowEmptyDiff: true,
    verdict: "accepted",
  },
  { given: "a red gate", gates: ["failed"], verdict: "rejected: gate_failed" },
  { given: "a gate without verdict", gates: ["inconclusive"], verdict: "rejected: gate_inconclusive" },
  { given: "one passing and one red gate", gates: ["passed", "failed"], verdict: "rejected: gate_failed" },
  { given: "one passing gate, one red since before", gates: ["passed", "pre_existing"], verdict: "accepted" },
  { given: "only gates that were red before", gates: ["pre_existing"], verdict: "rejected: nothing_proves" },
  { given: "no gate at all", gates: [], configured: 0, verdict: "rejected: no_gates" },
  { given: "a gate that did not run", gates: [], configured: 1, verdict: "rejected: nothing_proves" },
  { given: "one of two gates that did not run", gates: ["passed"], configured: 2, verdict: "rejected: nothing_proves" },
  { given: "a finding that blocks", blocks: true, verdict: "rejected: finding" },
  { given: "a finding that only warns", blocks: false, verdict: "accepted" },
  {
    given: "several reasons",
    taskUnchanged: true,
    gates: ["failed"],
    blocks: true,
    verdict: "rejected: no_change, gate_failed, finding",
  },
  {
    given: "an agent that failed, whatever it claimed",
    open: {
      agent: { outcome: { type: "failed", failure: "crash", message: "boom" }, claimed: true, finalMessage: "" },
    },
    verdict: "failed",
  },
  {
    given: "an agent that was stopped",
    open: { agent: { outcome: { type: "stopped" }, claimed: true, finalMessage: "" } },
    verdict: "interrupted",
  },
  {
    given: "an analysis that is claimed, with no gates run",
    gates: [],
    open: { phase: "analyse" },
    verdict: "accepted",
  },
  { given: "a review that approves", gates: [], open: { phase: "review" }, verdict: "accepted" },
  {
    given: "a review that does not approve",
    claimed: false,
    gates: [],
    open: { phase: "review" },
    verdict: "rejected: changes_requested",
  },
];

function describeVerdict(verdict: IterationVerdict): string {
  return verdict.type === "rejected" ? `rejected: ${verdict.because.map(({ type }) => type).join(", ")}` : verdict.type;
}

for (const { given, verdict, ...rest } of CASES) {
  test(`given ${given}, the verdict is ${verdict}`, () => {
    const {
      claimed = true,
      taskUnchanged = false,
      gates = ["passed"],
      configured = gates.length,
      blocks,
      allowEmptyDiff = false,
      open,
    } = rest;
    const task = sampleTask("one", { allowEmptyDiff });
    const specs = Array.from({ length: configured }, (_, index) => ({ ...GATE, name: `gate${index}` }));
    const state = replay([
      { time: 0, event: { type: "run_created", charter: sampleCharter({ tasks: [task], gates: specs }) } },
    ]);
    assert.ok(state !== undefined);
    const iteration: OpenIteration = {
      iteration: 1,
      task: task.id,
      phase: "implement",
      head: "base",
      startedAt: 0,
      agent: { outcome: FINISHED, claimed, finalMessage: "" },
      change: {
        head: "base",
        tree: "tree",
        unchanged: taskUnchanged,
        taskUnchanged,
        stat: { files: 1, insertions: 1, deletions: 0 },
        taskStat: { files: 1, insertions: 1, deletions: 0 },
        taskFiles: ["a"],
      },
      gates: gates.map((outcome, index) => judgedGate(`gate${index}`, outcome)),
      findings: blocks === undefined ? [] : [{ finding: { name: "tests_removed", message: "gone" }, blocks }],
      ...open,
    };
    assert.equal(describeVerdict(judgeIteration(iteration, taskState(state, task.id), specs)), verdict);
  });
}
