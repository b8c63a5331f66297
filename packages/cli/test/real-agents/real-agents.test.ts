/**
 * The real Claude Code, Codex and Gemini CLIs, and the builtin agent on each of its wires, complete a plan of three tasks in a
 * real repository against a scripted model, behind the gateway and past it. The second task is claimed falsely at first. What the run
 * says of files, gates, usage and money must be what the server sent.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import type { CostSource, Report, TokenUsage } from "@cloister/core";
import type { RunSummary } from "@cloister/engine";
import { type ModelServer, type RequestRecord, startModelServer } from "@cloister/testkit";
import { pictureOf } from "../harness/checkout.ts";
import { eventsOfType, summaryOf, type CliEnd } from "../harness/cli-process.ts";
import type { TestRepository } from "../harness/test-repository.ts";
import { agentEnvironment, createTextTools, readTextToolsScript, writtenFiles } from "./text-tools.ts";

/** US dollars for a million tokens, by kind. */
type Price = Readonly<Record<Exclude<keyof TokenUsage, "reasoning">, number>>;

/** What happened in a run, for the assertions below. */
type Result = { readonly end: CliEnd; readonly summary: RunSummary; readonly repository: TestRepository };
type ReadReport = { readonly markdown: string; readonly json: Report };

/** List prices of the models that the agents choose, or are told to use. */
const PRICES: Readonly<Record<string, Price>> = {
  "claude-opus-5-5": { input: 4, cacheRead: 0.2, cacheWrite: 5, output: 20 },
  "gpt-5.5": { input: 5, cacheRead: 0.5, cacheWrite: 5, output: 30 },
  "gemini-3.8-flash": { input: 0.75, cacheRead: 0.075, cacheWrite: 0.75, output: 3.75 },
  "gemini-3.5-flash-lite": { input: 0.3, cacheRead: 0.03, cacheWrite: 0.3, output: 2.5 },
  "gemini-2.5-flash": { input: 0.3, cacheRead: 0.03, cacheWrite: 0.3, output: 2.5 },
};

type Case = { readonly agent: string; readonly model?: string };

const CASES: readonly Case[] = [
  { agent: "claude" },
  { agent: "codex", model: "gpt-5.5" },
  { agent: "gemini" },
  { agent: "builtin", model: "anthropic/claude-opus-5-5" },
  { agent: "builtin", model: "openai/gpt-5.5" },
  { agent: "builtin", model: "google/gemini-2.5-flash" },
];

suite("a plan of three tasks", { concurrency: 2 }, () => {
  for (const each of CASES) {
    test(`${nameOf(each)} completes it behind the gateway, and the ledger says what the server sent`, async () => {
      const { result, server } = await complete(each, {});
      assertCosts(result, server.requests, "gateway");
      assertLedger(result, server.requests);
      assertClaim(result, each);
      assertReport(result, server.usageTotals.total);
    });
  }

  // What agents do must not depend on the gateway: two that report usage differently stand for all.
  for (const [each, costFrom] of [
    [CASES[0], "agent"],
    [CASES[1], "priced"],
  ] as const) {
    if (each === undefined) continue;
    test(`${nameOf(each)} completes it the same way without the gateway, by its own figures`, async () => {
      const { result, server } = await complete(each, { CLOISTER_GATEWAY: "never" });
      assertCosts(result, server.requests, costFrom);
      assertReport(result, server.usageTotals.total);
      assert.deepEqual(eventsOfType(result.end, "request_settled"), []);
    });
  }
});

function nameOf({ agent, model }: Case): string {
  return `${agent}${model === undefined ? "" : ` with ${model}`}`;
}

function toArguments({ agent, model }: Case): string[] {
  return ["--agent", agent, ...(model === undefined ? [] : ["--model", model]), "--json"];
}

type Completed = { readonly result: Result & { readonly report: ReadReport }; readonly server: ModelServer };

/** Runs the plan to its end, and checks all that does not depend on who counts the money. */
async function complete(each: Case, env: Readonly<Record<string, string>>): Promise<Completed> {
  const script = readTextToolsScript();
  await using server = await startModelServer({ script });
  using repository = createTextTools({ ...agentEnvironment(server.url), ...env });
  const before = pictureOf(repository);
  const end = await repository.run(["run", "plan.md", ...toArguments(each)]);
  assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
  const result: Result = { end, repository, summary: summaryOf(end) };
  assert.deepEqual(pictureOf(repository), before, "the user's checkout is as it was");
  assertDone(result);
  assertJudgement(result);
  assertBranch(result, writtenFiles(script));
  assert.deepEqual(result.summary.usage, server.usageTotals.total);
  const kept = { ...result, report: readReport(result.summary) };
  return { result: kept, server };
}

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

/** Money is rounded to a millionth of a dollar in each request, or in each iteration. */
function assertCosts({ end, summary }: Result, requests: readonly RequestRecord[], costFrom: CostSource): void {
  const ended = eventsOfType(end, "agent_ended");
  assert.deepEqual(
    ended.map((event) => event.costFrom),
    ended.map(() => costFrom),
  );
  assertNear(summary.cost, requests.reduce((sum, request) => sum + costOf(request), 0) / 1e6);
}

/** A row a request, in the order of their ends; their sum is the run's, to the micro-dollar. */
function assertLedger({ end, summary }: Result, requests: readonly RequestRecord[]): void {
  const rows = eventsOfType(end, "request_settled");
  assert.deepEqual(
    rows.map(({ usage, cost, completeness, status }) => ({ usage, cost, completeness, status })),
    requests.map((request) => ({
      usage: request.usage,
      cost: Math.round(costOf(request)),
      completeness: "whole",
      status: request.status,
    })),
  );
  assert.equal(
    rows.reduce((sum, { cost }) => sum + cost, 0),
    Math.round(summary.cost * 1e6),
  );
}

/** What an agent says of its own usage is kept beside, as a claim; Claude Code's own cost is the gateway's to the micro-dollar. */
function assertClaim({ end, summary }: Result, { agent }: Case): void {
  const claims = eventsOfType(end, "agent_ended").map(({ said }) => said);
  assert.ok(claims.every((claim) => claim !== undefined));
  if (agent !== "claude") return;
  assertNear(summary.cost, claims.reduce((sum, claim) => sum + (claim?.cost ?? 0), 0) / 1e6);
}

/** Read while the repository is there. */
function readReport({ report }: RunSummary): ReadReport {
  const path = report ?? "";
  const json = JSON.parse(readFileSync(join(dirname(path), "report.json"), "utf8")) as Report;
  return { markdown: readFileSync(path, "utf8"), json };
}

function assertReport(
  { summary, report: { markdown, json } }: Result & { report: ReadReport },
  sent: TokenUsage,
): void {
  const { total, ...tokens } = json.tokens;
  assert.deepEqual(Object.fromEntries(Object.entries(tokens).map(([kind, { value }]) => [kind, value])), { ...sent });
  assert.equal(total.value, summary.tokens);
  assert.equal(json.cost.total.value, Math.round(summary.cost * 1e6));
  assert.equal(json.iterations.used.value, 4);
  assert.deepEqual(
    json.tasks.map(({ status }) => status.value),
    ["done", "done", "done"],
  );
  assert.ok(markdown.includes(`$${summary.cost.toFixed(4)}`), "the report names the cost");
}

/** In micro-dollars, at list price: so many dollars for a million tokens are as many micro-dollars for one. */
function costOf({ model, usage }: RequestRecord): number {
  const price = PRICES[model];
  assert.ok(price !== undefined && usage !== undefined, `a price for ${model}`);
  const kinds = Object.keys(price) as (keyof Price)[];
  return kinds.reduce((sum, kind) => sum + usage[kind] * price[kind], 0);
}

function assertNear(actual: number, expected: number): void {
  assert.ok(expected > 0 && Math.abs(actual - expected) <= 4e-6, `expected $${expected}, found $${actual}`);
}
