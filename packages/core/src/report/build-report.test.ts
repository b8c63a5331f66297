import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toUsd } from "../money.ts";
import { replay } from "../run/evolve.ts";
import { buildReport } from "./build-report.ts";
import type { Report } from "./model.ts";
import { RunScript, scriptCharter, scriptTask } from "./testing/run-script.ts";

const BEFORE = { passed: 10, failed: 1, skipped: 0 };
const AFTER = { passed: 14, failed: 0, skipped: 2 };
const CHANGE = { files: 2, insertions: 40, deletions: 3 };
const GREEN = [{ gate: "tests", outcome: "passed", tests: AFTER }] as const;
const COMMIT = "b".repeat(40);

/** A false claim, a failure of the agent, an accepted claim; the second task is never begun. */
function mixedRun(): RunScript {
  const tasks = [scriptTask("one"), scriptTask("two", { dependsOn: [scriptTask("one").id] }), scriptTask("three")];
  return new RunScript(scriptCharter(tasks))
    .prepare(BEFORE, { todo: 5, fixme: 1 })
    .iterate({
      task: "one",
      claimed: true,
      finalMessage: "All done!",
      change: CHANGE,
      cost: 0.5,
      usage: { input: 100, output: 20 },
      gates: [{ gate: "tests", outcome: "failed", newFailures: ["adds"] }],
    })
    .iterate({
      task: "one",
      outcome: { type: "failed", failure: "crash", message: "it fell" },
      costFrom: "unknown",
      survivors: 1,
    })
    .iterate({
      task: "one",
      claimed: true,
      change: CHANGE,
      gates: GREEN,
      commit: COMMIT,
      cost: 0.25,
      costFrom: "priced",
      usage: { input: 10, cacheRead: 1000, output: 5 },
    })
    .wait(5000)
    .end("budget_exhausted", { todo: 4, fixme: 0 });
}

/** The event at a position, by type. */
function typesAt(report: Report, positions: readonly number[]): string[] {
  return positions.map((position) => report.evidence.find((event) => event.position === position)?.type ?? "missing");
}

describe("buildReport", () => {
  const script = mixedRun();
  const report = buildReport(script.events);

  it("gives the same report for the same journal", () => {
    assert.deepEqual(buildReport(script.events), report);
  });

  it("throws where there are no events", () => {
    assert.throws(() => buildReport([]), /events of a run/);
  });

  it("agrees with the run's state on iterations, money and tokens", () => {
    const state = replay(script.events);
    assert.equal(report.iterations.used.value, state?.iterations);
    assert.equal(report.cost.total.value, state?.cost);
    assert.deepEqual(
      [report.tokens.input.value, report.tokens.cacheRead.value, report.tokens.output.value],
      [state?.usage.input, state?.usage.cacheRead, state?.usage.output],
    );
    assert.equal(report.tokens.total.value, 1135);
  });

  it("says that the cost is incomplete, and where each part comes from", () => {
    assert.equal(toUsd(report.cost.total.value), 0.75);
    assert.equal(report.cost.complete.value, false);
    assert.deepEqual(typesAt(report, report.cost.complete.evidence.positions), ["agent_ended"]);
    const { agent, priced, unknown } = report.cost.sources;
    assert.deepEqual([agent.value, priced.value, unknown.value], [1, 1, 1]);
  });

  it("shows tests before and after, with the gate's command", () => {
    const [gate] = report.gates;
    assert.deepEqual(gate?.before?.value, { verdict: "failed", tests: BEFORE });
    assert.deepEqual(gate?.after?.value, { outcome: "passed", tests: AFTER });
    assert.equal(gate?.after?.evidence.command, "npm test");
    assert.deepEqual(
      gate?.history.map(({ iteration, outcome }) => [iteration, outcome.value]),
      [
        [1, "failed"],
        [3, "passed"],
      ],
    );
  });

  it("counts marks on the base and on the last commit", () => {
    const [todo, fixme] = report.marks;
    assert.deepEqual([todo?.before?.value, todo?.after?.value], [5, 4]);
    assert.deepEqual([fixme?.before?.value, fixme?.after?.value], [1, 0]);
    assert.equal(todo?.after?.evidence.command, `git grep -I -o -h -w TODO ${COMMIT} | wc -l`);
  });

  it("rests a done task on what was seen, not on the claim", () => {
    const [one] = report.tasks;
    assert.equal(one?.status.value, "done");
    assert.equal(one?.phases.analyse.value, "none");
    assert.deepEqual(typesAt(report, one?.status.evidence.positions ?? []), [
      "change_observed",
      "gate_judged",
      "iteration_judged",
      "task_completed",
    ]);
  });

  it("says what is left and why", () => {
    const left = report.left.map(({ id, why }) => [id, why]);
    assert.deepEqual(left, [
      ["two", "not begun: the run ended first (budget exhausted)"],
      ["three", "not begun: the run ended first (budget exhausted)"],
    ]);
  });

  it("keeps false claims apart from accepted ones", () => {
    assert.deepEqual(
      report.claims.map(({ claimed, verdict, text }) => [claimed, verdict, text]),
      [
        [true, "rejected", "All done!"],
        [true, "accepted", ""],
      ],
    );
    assert.equal(report.iterations.rows[0]?.because, "gate tests failed");
  });

  it("lists failures and what was done about them", () => {
    assert.deepEqual(
      report.troubles.map(({ type }) => type),
      ["agent_ended", "iteration_judged", "retry_scheduled"],
    );
    assert.equal(report.troubles[0]?.text, "1 process outlived the agent and had to be ended");
    assert.equal(report.troubles[1]?.text, "the agent failed: crash: it fell");
  });

  it("states in the summary what a reader asks first", () => {
    const sentences = report.summary.map(({ value }) => value).join("\n");
    assert.match(sentences, /^The budget was spent/);
    assert.match(sentences, /1 of 3 tasks proven done; 2 not begun\./);
    assert.match(sentences, /claimed completion 2 times; 1 was refused on evidence\./);
    assert.match(sentences, /3 iterations of 20 allowed, in 3m 05s\./);
    assert.match(sentences, /1 iteration unknown, so it is too low/);
    assert.match(sentences, /Gate tests: 14 tests passed, 0 failed, 2 skipped \(10 passed, 1 failed before\)\./);
  });

  it("cites only events that it lists", () => {
    const listed = new Set(report.evidence.map(({ position }) => position));
    const cited: number[] = [];
    JSON.stringify(report, (key, value: unknown) => {
      if (key === "positions") cited.push(...(value as number[]));
      return value;
    });
    assert.ok(cited.length > 50);
    assert.deepEqual(
      cited.filter((position) => !listed.has(position)),
      [],
    );
  });

  it("names the command that measures the change, where it was measured", () => {
    const measured = buildReport(script.events, { diff: CHANGE, journalHash: "ff" });
    assert.deepEqual(measured.diff.run?.value, CHANGE);
    assert.equal(measured.diff.run?.evidence.command, `git diff --shortstat ${"a".repeat(40)}..${COMMIT}`);
    assert.equal(report.diff.run, undefined);
    assert.equal(measured.journal.hash, "ff");
  });
});

describe("buildReport on unusual runs", () => {
  it("reports a run that has only just begun", () => {
    const report = buildReport(new RunScript(scriptCharter([scriptTask("one")])).events);
    assert.equal(report.end, undefined);
    assert.equal(report.left[0]?.why, "not begun: the run goes on");
    assert.equal(report.iterations.used.value, 0);
  });

  it("does not prove a task that the plan said was done", () => {
    const report = buildReport(new RunScript(scriptCharter([scriptTask("one", { done: true })])).events);
    assert.equal(report.tasks[0]?.doneBefore, true);
    assert.equal(report.tasks[0]?.phases.implement.value, "none");
    assert.match(report.summary[1]?.value ?? "", /^0 of 1 task proven done; 1 done before this run/);
  });

  it("counts what an agent spent before it was cut off", () => {
    const script = new RunScript(scriptCharter([scriptTask("one")]));
    const usage = { input: 7, cacheRead: 0, cacheWrite: 0, output: 3, reasoning: 0 };
    const prompt = { sha256: "", bytes: 0 };
    script.add(
      { type: "iteration_started", iteration: 1, task: scriptTask("one").id, phase: "implement", prompt, head: COMMIT },
      { type: "agent_started", iteration: 1, pid: 1 },
      { type: "agent_reported", iteration: 1, event: { type: "usage", usage } },
    );
    const report = buildReport(script.events);
    assert.equal(report.tokens.total.value, 10);
    assert.equal(report.cost.complete.value, false);
    assert.equal(report.iterations.rows[0]?.verdict.value, "open");
  });

  it("follows the phases of a task through a review that asks for changes", () => {
    const one = scriptTask("one", { phases: ["analyse", "implement", "review"] });
    const script = new RunScript(scriptCharter([one]))
      .iterate({ task: "one", phase: "analyse", claimed: true })
      .iterate({ task: "one", claimed: true, change: CHANGE, gates: GREEN })
      .iterate({ task: "one", phase: "review", finalMessage: "Rename it." });
    const progress = (): unknown => {
      const phases = buildReport(script.events).tasks[0]?.phases;
      return [phases?.analyse.value, phases?.implement.value, phases?.review.value];
    };
    assert.deepEqual(progress(), ["passed", "pending", "pending"]);
    script.iterate({ task: "one", claimed: true, change: CHANGE, gates: GREEN });
    script.iterate({ task: "one", phase: "review", claimed: true });
    assert.deepEqual(progress(), ["passed", "passed", "passed"]);
  });

  it("tells of the breaker", () => {
    const script = new RunScript(scriptCharter([scriptTask("one")]));
    const outcome = { type: "failed", failure: "crash", message: "it fell" } as const;
    for (let attempt = 0; attempt < 3; attempt++) script.iterate({ task: "one", outcome });
    const texts = buildReport(script.events).troubles.map(({ text }) => text);
    assert.equal(texts.at(-1), "the breaker opened (1 time so far) for 5.0s");
  });

  it("shows an agent's words without what hides in them", () => {
    const finalMessage = `\u001B[31mred\u001B[0m \u202Egnp.exe\u0000 ${"x".repeat(9000)}`;
    const script = new RunScript(scriptCharter([scriptTask("one")])).iterate({ task: "one", finalMessage });
    const [claim] = buildReport(script.events).claims;
    assert.match(claim?.text ?? "", /^red gnp\.exe x/);
    assert.ok((claim?.text.length ?? 0) <= 1500);
  });
});
