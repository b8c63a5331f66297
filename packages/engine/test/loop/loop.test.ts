/** What the loop does around its iterations: phases, branches, progress, feedback, going back. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { RunEvent } from "@cloister/core";
import { runCase, SAMPLE_PLAN, type CaseResult } from "../harness/run-case.ts";

const WORK = `printf 'export function subtract(left, right) {\\n  return left - right;\\n}\\n' >> src/math.mjs`;
const BREAK = "sed -i 's/left + right/left * right/' src/math.mjs";
const MEND = "sed -i 's/left \\* right/left + right/' src/math.mjs";
const claim = { type: "claim" } as const;
const shell = (command: string) => ({ type: "shell", command }) as const;

function scenario(...calls: (readonly object[])[]): Parameters<typeof runCase>[0]["scenario"] {
  return { description: "of a test", calls } as never;
}

function prompts({ events, repository, summary }: CaseResult): string[] {
  const folder = join(repository.root, ".cloister", "runs", summary.run, "evidence");
  return events.flatMap((event) =>
    event.type === "iteration_started" ? [readFileSync(join(folder, event.prompt.sha256), "utf8")] : [],
  );
}

function ofType<Type extends RunEvent["type"]>(
  { events }: CaseResult,
  type: Type,
): Extract<RunEvent, { type: Type }>[] {
  return events.filter((event) => event.type === type) as Extract<RunEvent, { type: Type }>[];
}

test("a failed gate's output is in the next prompt, and not in the one after it", async () => {
  using result = await runCase({ scenario: scenario([shell(BREAK), claim], [shell(MEND), shell(WORK)], [claim]) });
  assert.equal(result.summary.reason, "done", JSON.stringify(result.summary));
  const [first = "", second = "", third = ""] = prompts(result);
  assert.doesNotMatch(first, /last attempt/);
  assert.match(second, /gate test failed/);
  assert.match(second, /adds two numbers/);
  assert.match(third, /Every gate passed/);
  assert.match(third, /\+export function subtract/, "the diff so far is shown");
});

test("analysis, implementation and review are iterations of their own, and a reviewer's remarks go back", async () => {
  const plan = `## Task: Add subtract {#subtract}\n\n\`\`\`yaml\nphases: [analyse, implement, review]\n\`\`\`\n`;
  using result = await runCase({
    plan,
    limits: { maxIterations: 8 },
    scenario: scenario(
      [shell("echo stray > stray.txt"), { type: "claim", text: "It belongs into math.mjs." }],
      [shell(WORK), claim],
      [{ type: "message", text: "Please name the operands." }],
      [shell("echo >> src/math.mjs"), claim],
      [shell("echo stray > stray.txt"), { type: "claim", text: "Approved." }],
    ),
  });
  assert.equal(result.summary.reason, "done", JSON.stringify(result.summary));
  assert.deepEqual(
    ofType(result, "iteration_started").map(({ phase }) => phase),
    ["analyse", "implement", "review", "implement", "review"],
  );
  const [, implement = "", review = "", again = ""] = prompts(result);
  assert.match(implement, /It belongs into math\.mjs\./);
  assert.match(review, /The change to review/);
  assert.match(again, /Please name the operands\./);
  const files = result.repository.git(["ls-tree", "-r", "--name-only", result.summary.branch]);
  assert.ok(!files.includes("stray.txt"), "analysis and review change no file");
});

test("an agent's own commits are kept, with Cloister's checkpoint after them", async () => {
  using result = await runCase({
    scenario: scenario([shell(WORK), shell("git add -A && git commit -q -m mine"), shell("echo x > more.txt"), claim]),
  });
  assert.equal(result.summary.reason, "done");
  const subjects = result.repository.git(["log", "--format=%s", `main..${result.summary.branch}`]).split("\n");
  assert.equal(subjects.length, 2);
  assert.equal(subjects[1], "mine");
});

test("an agent that leaves the branch is brought back, with its work, and the finding sends it back", async () => {
  using result = await runCase({
    scenario: scenario(
      [shell("git checkout -q -b elsewhere"), shell(WORK), claim],
      [shell("echo >> src/math.mjs"), claim],
    ),
  });
  assert.equal(result.summary.reason, "done", JSON.stringify(result.summary));
  assert.ok(result.findings.includes("history_rewritten"));
  assert.equal(result.summary.iterations, 2);
  assert.match(result.repository.git(["show", `${result.summary.branch}:src/math.mjs`]), /subtract/);
});

test("an agent that rewrites the run's commits loses nothing of the run", async () => {
  using result = await runCase({
    scenario: scenario([shell(WORK)], [shell("git reset -q --hard HEAD~1"), claim], [shell("echo x > x.txt"), claim]),
    limits: { maxIterations: 6 },
  });
  assert.ok(result.findings.includes("history_rewritten"));
  const checkpoints = ofType(result, "checkpoint_created").map(({ commit }) => commit);
  for (const commit of checkpoints)
    assert.equal(
      result.repository.git(["merge-base", "--is-ancestor", commit, result.summary.branch]),
      "",
      "every checkpoint is on the branch",
    );
});

test("an agent that ticks the plan itself convinces nobody", async () => {
  using result = await runCase({
    scenario: scenario([shell("sed -i 's/\\[ \\]/[x]/' plan.md"), claim]),
    limits: { maxIterations: 2 },
  });
  assert.equal(result.summary.reason, "iteration_limit");
  assert.ok(result.findings.includes("plan_changed"));
  assert.match(result.repository.git(["show", `${result.summary.branch}:plan.md`]), /\[ \]/);
});

test("protected paths send the work back until they are as they were", async () => {
  const plan = `---\nprotect: ["locked/**"]\n---\n${SAMPLE_PLAN}`;
  using result = await runCase({
    plan,
    files: { "locked/rules.txt": "one\n" },
    scenario: scenario(
      [shell(WORK), shell("echo two >> locked/rules.txt"), claim],
      [shell("echo one > locked/rules.txt"), claim],
    ),
  });
  assert.equal(result.summary.reason, "done", JSON.stringify(result.summary));
  assert.equal(result.summary.iterations, 2);
  assert.ok(result.findings.includes("protected_path_changed"));
});

test("work that stays red is undone, kept under a name, and told of", async () => {
  const policy = { unchanged: 9, sameFailure: 99, sameDiff: 9, rollBackAfter: 2 };
  using result = await runCase({
    config: { stall: policy },
    limits: { maxIterations: 6 },
    scenario: scenario(
      [shell(WORK)],
      [shell(BREAK)],
      [shell("echo worse >> notes.txt")],
      [shell("echo ok > notes.txt"), claim],
    ),
  });
  assert.equal(result.summary.reason, "done", JSON.stringify(result.summary));
  const [rollback] = ofType(result, "rollback_started");
  assert.ok(rollback !== undefined);
  assert.match(result.repository.git(["for-each-ref", "--format=%(refname)", "refs/cloister"]), /rolled-back/);
  assert.match(prompts(result)[3] ?? "", /has been undone/);
  assert.doesNotMatch(result.repository.git(["show", `${result.summary.branch}:src/math.mjs`]), /left \* right/);
});

test("what gates leave behind is no change of the agent's", async () => {
  using result = await runCase({
    gates: ["test=npm test --silent && mkdir -p coverage && date > coverage/report.txt"],
    scenario: scenario([shell(WORK), claim]),
  });
  assert.equal(result.summary.reason, "done");
  assert.ok(!result.repository.git(["ls-tree", "-r", "--name-only", result.summary.branch]).includes("coverage"));
  assert.equal(result.repository.git(["status", "--porcelain"], result.summary.workspace), "");
});

test("learnings are told to later contexts, and are no work", async () => {
  using result = await runCase({
    scenario: scenario([shell("echo 'use npm test' > LEARNINGS.md"), claim], [shell(WORK), claim]),
  });
  assert.equal(result.summary.reason, "done", JSON.stringify(result.summary));
  const [verdict] = ofType(result, "iteration_judged");
  assert.deepEqual(verdict?.verdict, { type: "rejected", because: [{ type: "no_change" }] });
  assert.match(prompts(result)[1] ?? "", /use npm test/);
});

test("a task that stands still is passed over, and its red work does not trap the next one", async () => {
  const plan = "- [ ] Break it\n- [ ] Add subtract\n";
  using result = await runCase({
    plan,
    config: { stall: { unchanged: 2, sameFailure: 2, sameDiff: 9, rollBackAfter: 0 } },
    limits: { maxIterations: 6 },
    scenario: scenario([shell(BREAK), claim], [shell("echo x > x.txt"), claim], [shell(WORK), claim]),
  });
  assert.equal(result.summary.reason, "stalled", JSON.stringify(result.summary));
  assert.deepEqual(result.summary.tasks, { total: 2, done: 1, blocked: 1 });
  assert.match(
    result.repository.git(["show", `${result.summary.branch}:plan.md`]),
    /- \[ \] Break it\n- \[x\] Add subtract/,
  );
});

test("dependent tasks are done in order, each from the commit of the one before", async () => {
  const plan = JSON.stringify({
    userStories: [
      { id: "second", title: "Second", passes: false, priority: 2, dependsOn: ["first"] },
      { id: "first", title: "First", passes: false, priority: 1 },
    ],
  });
  using result = await runCase({
    plan,
    scenario: scenario([shell(WORK), claim], [shell("echo two > two.txt"), claim]),
  });
  assert.equal(result.summary.reason, "done", JSON.stringify(result.summary));
  assert.deepEqual(
    ofType(result, "task_completed").map(({ task }) => task),
    ["first", "second"],
  );
});
