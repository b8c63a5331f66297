/**
 * The real Claude Code, Codex and Gemini CLIs, and the builtin agent on each of its wires, complete a plan of three tasks in a
 * real repository against a scripted model. The second task is claimed falsely at first. What the run says of files, gates, usage
 * and money must be what the server sent.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import type { Report, TokenUsage } from "@cloister/core";
import type { RunSummary } from "@cloister/engine";
import { startModelServer } from "@cloister/testkit";
import { pictureOf } from "../harness/checkout.ts";
import { eventsOfType, summaryOf, type CliEnd } from "../harness/cli-process.ts";
import type { TestRepository } from "../harness/test-repository.ts";
import { agentEnvironment, createTextTools, readTextToolsScript, writtenFiles } from "./text-tools.ts";

/** US dollars for a million tokens, by kind. */
type Price = Readonly<Record<Exclude<keyof TokenUsage, "reasoning">, number>>;

/** What happened in a run, for the assertions below. */
type Result = { readonly end: CliEnd; readonly summary: RunSummary; readonly repository: TestRepository };

const CLAUDE_OPUS: Price = { input: 4, cacheRead: 0.2, cacheWrite: 5, output: 20 };
const GPT: Price = { input: 5, cacheRead: 0.5, cacheWrite: 5, output: 30 };
const GEMINI_DEFAULT: Price = { input: 0.75, cacheRead: 0.075, cacheWrite: 0.75, output: 3.75 };
const GEMINI_FLASH: Price = { input: 0.3, cacheRead: 0.03, cacheWrite: 0.3, output: 2.5 };

const CASES: readonly {
  readonly agent: string;
  readonly model?: string;
  readonly price: Price;
  readonly costFrom: "agent" | "priced";
}[] = [
  { agent: "claude", price: CLAUDE_OPUS, costFrom: "agent" },
  { agent: "codex", model: "gpt-5.5", price: GPT, costFrom: "priced" },
  { agent: "gemini", price: GEMINI_DEFAULT, costFrom: "priced" },
  { agent: "builtin", model: "anthropic/claude-opus-5-5", price: CLAUDE_OPUS, costFrom: "priced" },
  { agent: "builtin", model: "openai/gpt-5.5", price: GPT, costFrom: "priced" },
  { agent: "builtin", model: "google/gemini-2.5-flash", price: GEMINI_FLASH, costFrom: "priced" },
];

suite("a plan of three tasks", { concurrency: 2 }, () => {
  for (const { agent, model, price, costFrom } of CASES) {
    test(`${agent}${model === undefined ? "" : ` with ${model}`} completes it, and the report says what the server sent`, async () => {
      const script = readTextToolsScript();
      await using server = await startModelServer({ script });
      using repository = createTextTools(agentEnvironment(server.url));
      const before = pictureOf(repository);
      const wanted = model === undefined ? [] : ["--model", model];
      const end = await repository.run(["run", "plan.md", "--agent", agent, ...wanted, "--json"]);
      assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
      const result: Result = { end, repository, summary: summaryOf(end) };

      assert.deepEqual(pictureOf(repository), before, "the user's checkout is as it was");
      assertDone(result);
      assertJudgement(result);
      assertBranch(result, writtenFiles(script));
      const sent = server.usageTotals.total;
      assert.deepEqual(result.summary.usage, sent);
      assertCost(result, costOf(sent, price), costFrom);
      assertReport(result, sent);
    });
  }
});

function assertDone({ summary }: Result): void {
  const { reason, exitCode, tasks, iterations, costComplete } = summary;
  assert.deepEqual(
    { reason, exitCode, tasks, iterations, costComplete },
    { reason: "done", exitCode: 0, tasks: { total: 3, done: 3, blocked: 0 }, iterations: 4, costComplete: true },
  );
}

/** The false claim is refused by the gate that the task names, and by that one alone. */
function assertJudgement({ end }: Result): void {
  const verdicts = eventsOfType(end, "iteration_judged").map(({ verdict }) => verdict);
  assert.deepEqual(
    verdicts.map(({ type }) => type),
    ["accepted", "rejected", "accepted", "accepted"],
  );
  const outcomes = eventsOfType(end, "gate_judged").map(({ iteration, judged: { gate, outcome } }) => [
    iteration,
    gate,
    outcome,
  ]);
  assert.deepEqual(outcomes, [
    [1, "tests", "passed"],
    [1, "acceptance-slugify", "passed"],
    [2, "tests", "passed"],
    [2, "acceptance-count-words", "failed"],
    [3, "tests", "passed"],
    [3, "acceptance-count-words", "passed"],
    [4, "tests", "passed"],
    [4, "acceptance-truncate", "passed"],
  ]);
}

/** The branch holds what the model wrote, progress in the plan, and a commit for each iteration that says what came of it. */
function assertBranch({ summary, repository: { git } }: Result, files: Readonly<Record<string, string>>): void {
  const { branch, run } = summary;
  for (const [path, text] of Object.entries(files)) assert.equal(git("show", `${branch}:${path}`), text.trim(), path);
  assert.equal(git("show", `${branch}:plan.md`).match(/\[x\]/g)?.length, 3);
  const keys = ["Run", "Task", "Iteration", "Verdict"];
  const format = keys.map((key) => `%(trailers:key=Cloister-${key},valueonly,separator=%x2C)`).join(" ");
  assert.deepEqual(git("log", "--reverse", `--format=${format}`, `main..${branch}`).split("\n"), [
    `${run} slugify 1 accepted`,
    `${run} count-words 2 rejected`,
    `${run} count-words 3 accepted`,
    `${run} truncate 4 accepted`,
  ]);
}

/** Money is rounded to a millionth of a dollar in each iteration. */
function assertCost({ end, summary, repository }: Result, expected: number, costFrom: "agent" | "priced"): void {
  const ended = eventsOfType(end, "agent_ended");
  assert.deepEqual(
    ended.map((event) => event.costFrom),
    ended.map(() => costFrom),
  );
  assertNear(summary.cost, expected);
  if (costFrom === "priced") return;
  const evidence = join(repository.root, ".cloister", "runs", summary.run, "evidence");
  const said = ended.map(({ output }) => lastFigure(readFileSync(join(evidence, output.sha256), "utf8")));
  assertNear(
    summary.cost,
    said.reduce((sum, figure) => sum + figure, 0),
  );
}

/** Claude Code's own figure, in its own words. */
function lastFigure(output: string): number {
  const line = output.split("\n").findLast((candidate) => candidate.startsWith("{"));
  return Number((JSON.parse(line ?? "{}") as { readonly total_cost_usd?: number }).total_cost_usd);
}

function assertReport({ summary }: Result, sent: TokenUsage): void {
  const markdown = readFileSync(summary.report ?? "", "utf8");
  const report = JSON.parse(readFileSync(join(dirname(summary.report ?? ""), "report.json"), "utf8")) as Report;
  const { total, ...tokens } = report.tokens;
  assert.deepEqual(Object.fromEntries(Object.entries(tokens).map(([kind, { value }]) => [kind, value])), { ...sent });
  assert.equal(total.value, summary.tokens);
  assert.equal(report.cost.total.value, Math.round(summary.cost * 1e6));
  assert.equal(report.iterations.used.value, 4);
  assert.deepEqual(
    report.tasks.map(({ status }) => status.value),
    ["done", "done", "done"],
  );
  assert.ok(markdown.includes(`$${summary.cost.toFixed(4)}`), "the report names the cost");
}

function costOf(usage: TokenUsage, price: Price): number {
  const kinds = Object.keys(price) as (keyof Price)[];
  return kinds.reduce((sum, kind) => sum + (usage[kind] * price[kind]) / 1e6, 0);
}

function assertNear(actual: number, expected: number): void {
  assert.ok(expected > 0 && Math.abs(actual - expected) <= 4e-6, `expected $${expected}, found $${actual}`);
}
