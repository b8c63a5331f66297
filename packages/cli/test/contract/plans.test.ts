/** What a run takes as its plan and its gates, and where progress is written: on the run's branch, in the user's own format. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { pictureOf } from "../harness/checkout.ts";
import { installMockAgent, TEST_GATE } from "../harness/mock-agent.ts";
import { createTestRepository, SAMPLE_PLAN, writeFiles } from "../harness/test-repository.ts";

const STORY = `{
  "project": "Mathematics",
  "userStories": [
    { "id": "US-001", "title": "Add subtract", "passes": false, "notes": "kept" }
  ]
}
`;

const FORMATS: readonly {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly done: string;
}[] = [
  { name: "a checklist", file: "IMPLEMENTATION_PLAN.md", text: SAMPLE_PLAN, done: SAMPLE_PLAN.replace("[ ]", "[x]") },
  {
    name: "a checklist with CRLF",
    file: "fix_plan.md",
    text: SAMPLE_PLAN.replaceAll("\n", "\r\n"),
    done: SAMPLE_PLAN.replace("[ ]", "[x]").replaceAll("\n", "\r\n"),
  },
  { name: "prd.json", file: "docs/prd.json", text: STORY, done: STORY.replace('"passes": false', '"passes": true') },
];

suite("progress is written into the user's format", { concurrency: 2 }, () => {
  for (const { name, file, text, done } of FORMATS) {
    test(name, async () => {
      using repository = createTestRepository({ files: { [file]: text } });
      const before = pictureOf(repository);
      const agent = await installMockAgent(repository, "honest_work");
      const end = await repository.run(["run", file, ...agent, ...TEST_GATE, "--json"]);
      assert.equal(end.code, 0, end.stderr);
      const { branch, workspace } = summaryOf(end);
      assert.equal(repository.git("show", `${branch}:${file}`), done.trim());
      assert.equal(readFileSync(join(workspace, file), "utf8"), done);
      assert.deepEqual(pictureOf(repository), before);
    });
  }
});

test("a plan outside of the repository is worked off, and left as it is", async () => {
  using repository = createTestRepository();
  const before = pictureOf(repository);
  const plan = join(repository.folder, "elsewhere.md");
  writeFileSync(plan, SAMPLE_PLAN);
  const agent = await installMockAgent(repository, "honest_work");
  const end = await repository.run(["run", plan, ...agent, ...TEST_GATE, "--json"]);
  assert.equal(end.code, 0, end.stderr);
  assert.equal(readFileSync(plan, "utf8"), SAMPLE_PLAN);
  assert.match(repository.git("show", `${summaryOf(end).branch}:src/math.mjs`), /subtract/);
  assert.deepEqual(pictureOf(repository), before);
});

test("a prompt on the command line is a plan of one task", async () => {
  using repository = createTestRepository();
  const agent = await installMockAgent(repository, "honest_promise");
  const end = await repository.run(["run", "-p", "Add subtract, with a test", ...agent, ...TEST_GATE, "--json"]);
  assert.equal(end.code, 0, end.stderr);
  assert.deepEqual(summaryOf(end).tasks, { total: 1, done: 1, blocked: 0 });
  const [started] = eventsOfType(end, "iteration_started");
  const prompt = readFileSync(
    join(runFolder(repository.root, summaryOf(end).run), "iterations", "1", "prompt.md"),
    "utf8",
  );
  assert.equal(started?.task, "prompt");
  assert.match(prompt, /Add subtract, with a test/);
});

test("--gate can be given several times, and each of them must pass", async () => {
  using repository = createTestRepository();
  const agent = await installMockAgent(repository, "honest_work");
  const gates = [...TEST_GATE, "--gate", "short=test $(wc -l < src/math.mjs) -lt 5"];
  const end = await repository.run(["run", "plan.md", ...agent, ...gates, "--max-iterations", "1", "--json"]);
  assert.equal(end.code, 3, end.stderr);
  const judged = eventsOfType(end, "gate_judged").map(({ judged: { gate, outcome } }) => [gate, outcome]);
  assert.deepEqual(judged, [
    ["test", "passed"],
    ["short", "failed"],
  ]);
});

test("--in-place works in the checkout, on its branch, and leaves untracked files alone", async () => {
  using repository = createTestRepository();
  const untracked = { "notes.txt": "mine\n", "src/draft.mjs": "export const draft = 1;\n" };
  writeFiles(repository.root, untracked);
  const head = repository.git("rev-parse", "HEAD");
  const agent = await installMockAgent(repository, "lies_then_works");
  const end = await repository.run(["run", "plan.md", "--in-place", ...agent, ...TEST_GATE, "--json"]);
  assert.equal(end.code, 0, end.stderr);
  const { branch, workspace } = summaryOf(end);
  assert.deepEqual([branch, workspace], ["main", repository.root]);
  assert.equal(readFileSync(join(repository.root, "plan.md"), "utf8"), SAMPLE_PLAN.replace("[ ]", "[x]"));
  assert.equal(repository.git("rev-list", "--count", `${head}..main`), "1");
  for (const [path, text] of Object.entries(untracked))
    assert.equal(readFileSync(join(repository.root, path), "utf8"), text);
  assert.deepEqual(repository.git("status", "--porcelain").split("\n"), ["?? notes.txt", "?? src/draft.mjs"]);
  assert.equal(repository.git("worktree", "list").split("\n").length, 1);
});

test("--in-place refuses a checkout with changes of the user, and touches nothing", async () => {
  using repository = createTestRepository();
  writeFiles(repository.root, { "src/math.mjs": "export const changed = true;\n" });
  const before = pictureOf(repository);
  const agent = await installMockAgent(repository, "honest_work");
  const end = await repository.run(["run", "plan.md", "--in-place", ...agent, ...TEST_GATE]);
  assert.equal(end.code, 2);
  assert.match(end.stderr, /src\/math\.mjs/);
  assert.deepEqual(pictureOf(repository), before);
});

test("--dry-run shows what would run, and makes nothing", async () => {
  using repository = createTestRepository();
  const agent = await installMockAgent(repository, "honest_work");
  const end = await repository.run(["run", "plan.md", ...agent, ...TEST_GATE, "--dry-run"]);
  assert.equal(end.code, 0, end.stderr);
  assert.match(end.stdout, /node --test/);
  assert.equal(existsSync(join(repository.root, ".cloister")), false);
});

function runFolder(root: string, run: string): string {
  return join(root, ".cloister", "runs", run);
}
