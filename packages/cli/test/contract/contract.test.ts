/** What others rely on: exit codes, and the last line of `--json`. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { eventsOf, summaryOf } from "../harness/cli-process.ts";
import { installMockAgent, TEST_GATE } from "../harness/mock-agent.ts";
import { createTestRepository, type RepositoryOptions } from "../harness/test-repository.ts";

/** Failures are retried at once: what is tested is the end, not the waiting. */
const QUICK = { CLOISTER_RETRY_CRASH_DELAY: "1ms", CLOISTER_BREAKER_COOL_DOWN: "1ms" };

const ENDS: readonly {
  readonly scenario: string;
  readonly options?: readonly string[];
  readonly files?: RepositoryOptions["files"];
  readonly gate?: readonly string[];
  readonly reason: string;
  readonly code: number;
}[] = [
  { scenario: "honest_work", reason: "done", code: 0 },
  { scenario: "claim_in_file", options: ["--max-iterations", "1"], reason: "iteration_limit", code: 3 },
  { scenario: "hangs_silently", options: ["--max-runtime", "2s"], reason: "time_limit", code: 4 },
  { scenario: "expensive", options: ["--max-cost", "1"], reason: "budget_exhausted", code: 5 },
  { scenario: "expensive", options: ["--max-tokens", "1000"], reason: "budget_exhausted", code: 5 },
  { scenario: "claim_without_diff", reason: "stalled", code: 6 },
  { scenario: "auth_failed", reason: "agent_failing", code: 6 },
  { scenario: "crashes", reason: "circuit_open", code: 6 },
  { scenario: "honest_work", files: { "cloister.yaml": "gates: []\n" }, gate: [], reason: "unverified", code: 7 },
  { scenario: "honest_work", gate: ["--gate", "test=no-such-program"], reason: "inconclusive", code: 7 },
];

suite("a run that ends", { concurrency: 2 }, () => {
  for (const { scenario, options = [], files = {}, gate = TEST_GATE, reason, code } of ENDS) {
    test(`with ${reason} (${scenario} ${options.join(" ")}) exits with ${code}, and says so in the last line`, async () => {
      using repository = createTestRepository({ files, env: QUICK });
      const agent = await installMockAgent(repository, scenario);
      const end = await repository.run(["run", "plan.md", ...agent, ...gate, ...options, "--json"]);
      const summary = summaryOf(end);
      assert.deepEqual([end.code, summary.exitCode, summary.reason], [code, code, reason], end.stderr);
      assert.deepEqual(summary.tasks.total, 1);
      assert.equal(summary.tasks.done, reason === "done" ? 1 : 0);
      const numbers = [summary.iterations, summary.cost, summary.tokens, summary.runtimeMs];
      assert.ok(numbers.every((number) => Number.isFinite(number) && number >= 0));
      const positions = eventsOf(end).map((event) => ("position" in event ? event.position : undefined));
      assert.deepEqual(
        positions,
        positions.map((_, index) => index + 1),
        "every line before the last is an event, in its place",
      );
    });
  }
});

test("cost and tokens of the last line are what the agent reported", async () => {
  using repository = createTestRepository();
  const agent = await installMockAgent(repository, "expensive");
  const { cost, tokens, costComplete } = summaryOf(
    await repository.run(["run", "plan.md", ...agent, ...TEST_GATE, "--max-iterations", "2", "--json"]),
  );
  assert.deepEqual({ cost, tokens, costComplete }, { cost: 10, tokens: 2_000_000, costComplete: true });
});

const REFUSALS: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}[] = [
  { name: "a plan whose front matter is broken", args: ["run", "broken.md"], code: 2, says: /broken\.md:3: / },
  { name: "a plan of tasks that wait for each other", args: ["run", "cycle.md"], code: 2, says: /cycle\.md:\d+: / },
  { name: "a prd.json that is none", args: ["run", "prd.json"], code: 2, says: /prd\.json:\d+: / },
  { name: "a plan that is not there", args: ["run", "nowhere.md"], code: 2, says: /nowhere\.md/ },
  { name: "an unknown option", args: ["run", "plan.md", "--fast"], code: 2, says: /--fast/ },
  { name: "an unknown command", args: ["rum"], code: 2, says: /rum/ },
  { name: "a limit that is none", args: ["run", "plan.md", "--max-runtime", "soon"], code: 2, says: /soon/ },
  { name: "a gate without a command", args: ["run", "plan.md", "--gate", "test"], code: 2, says: /name=command/ },
  { name: "a plan and a prompt", args: ["run", "plan.md", "-p", "Do it"], code: 2, says: /-p/ },
  { name: "an unknown agent", args: ["run", "plan.md", "--agent", "nobody"], code: 2, says: /nobody/ },
  {
    name: "an agent whose program is not there",
    args: ["run", "plan.md", "--agent", "claude", "--agent-command", "/no/such/program"],
    code: 8,
    says: /\/no\/such\/program/,
  },
  {
    name: "an agent that is not installed",
    args: ["run", "plan.md", "--agent", "opencode"],
    code: 8,
    says: /opencode/,
  },
  { name: "a run that is not there", args: ["status", "nobody"], code: 2, says: /nobody/ },
  { name: "nothing to resume", args: ["resume"], code: 2, says: /no runs/ },
];

suite("refused", { concurrency: 2 }, () => {
  const files = {
    "broken.md": "---\ngates: [\n---\n# Plan\n\n- [ ] One\n",
    "cycle.md":
      "# Plan\n\n## Task: One {#one}\n\n```yaml\ndependsOn: [two]\n```\n\n## Task: Two {#two}\n\n```yaml\ndependsOn: [one]\n```\n",
    "prd.json": '{\n  "userStories": [{ "id": 1 }]\n}\n',
  };
  for (const { name, args, code, says } of REFUSALS) {
    test(`${name}: exit code ${code}, the reason on standard error, and nothing is made`, async () => {
      using repository = createTestRepository({ files, env: { PATH: "/usr/bin:/bin" } });
      const end = await repository.run(args);
      assert.equal(end.code, code, end.stderr);
      assert.match(end.stderr, says);
      assert.equal(repository.git("branch", "--list", "cloister/*"), "");
    });
  }

  test("outside of a repository, and before its first commit", async () => {
    using empty = createTestRepository({ commit: false });
    const outside = await empty.run(["run", join(empty.root, "plan.md")], { cwd: empty.folder });
    const early = await empty.run(["run", "plan.md"]);
    assert.deepEqual([outside.code, early.code], [2, 2]);
    assert.match(outside.stderr, /Expected a git repository, found none/);
    assert.match(early.stderr, /no commit yet/);
  });
});
