/** Whatever the user's repository looks like: the work comes about on a branch, and the checkout stays as it was. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { pictureOf } from "../harness/checkout.ts";
import { summaryOf } from "../harness/cli-process.ts";
import { installMockAgent, TEST_GATE } from "../harness/mock-agent.ts";
import {
  createTestRepository,
  writeFiles,
  type CallChanges,
  type RepositoryOptions,
  type TestRepository,
} from "../harness/test-repository.ts";

const HOOKS = [
  "applypatch-msg",
  "commit-msg",
  "post-checkout",
  "post-commit",
  "post-rewrite",
  "pre-commit",
  "prepare-commit-msg",
  "reference-transaction",
];

const CASES: readonly {
  readonly name: string;
  readonly options?: RepositoryOptions;
  readonly prepare?: (repository: TestRepository) => void;
  readonly plan?: string;
  readonly changes?: (repository: TestRepository) => CallChanges;
}[] = [
  { name: "a path with spaces and letters of many languages", options: { name: "my project/größe ✓ $HOME 'x'" } },
  {
    name: "a call from a folder below the root",
    plan: "../plan.md",
    changes: ({ root }) => ({ cwd: join(root, "src") }),
  },
  { name: "hooks in the repository, and others in the user's configuration", prepare: installHooks },
  {
    name: "GIT_DIR and its like in the environment, as in a hook",
    changes: ({ folder }) => ({
      env: { GIT_DIR: join(folder, "nowhere"), GIT_WORK_TREE: folder, GIT_INDEX_FILE: join(folder, "index") },
    }),
  },
  { name: "a detached HEAD", prepare: ({ git }) => void git("checkout", "--quiet", "--detach") },
  { name: "no name and address in git's configuration", options: { identity: false } },
  { name: "commits that must be signed", prepare: ({ git }) => void git("config", "commit.gpgSign", "true") },
  {
    name: "changes that are staged, not staged, not tracked, ignored and stashed",
    options: { files: { ".gitignore": "*.log\n" } },
    prepare: leaveChanges,
  },
];

suite("the work is done, and the checkout is as it was", { concurrency: 2 }, () => {
  for (const { name, options = {}, prepare, plan = "plan.md", changes } of CASES) {
    test(name, async () => {
      using repository = createTestRepository(options);
      prepare?.(repository);
      const before = pictureOf(repository);
      const agent = await installMockAgent(repository, "honest_work");
      const end = await repository.run(["run", plan, ...agent, ...TEST_GATE, "--json"], changes?.(repository));
      assert.equal(end.code, 0, end.stderr + end.stdout.slice(-1500));
      assert.deepEqual(pictureOf(repository), before);
      assert.equal(existsSync(hookMark(repository)), false, "no hook ran");
      const { branch, takeOver } = summaryOf(end);
      assert.match(repository.git("show", `${branch}:src/math.mjs`), /subtract/);
      assert.ok(takeOver?.includes(branch), "the end says how to take the work over");
    });
  }
});

function hookMark({ folder }: TestRepository): string {
  return join(folder, "hook-ran");
}

function installHooks(repository: TestRepository): void {
  const { root, folder, git } = repository;
  const elsewhere = join(folder, "hooks");
  const script = `#!/bin/sh\necho "$0" >> '${hookMark(repository)}'\nexit 1\n`;
  for (const target of [join(root, ".git", "hooks"), elsewhere]) {
    mkdirSync(target, { recursive: true });
    writeFiles(target, Object.fromEntries(HOOKS.map((hook) => [hook, script])));
    for (const hook of HOOKS) chmodSync(join(target, hook), 0o755);
  }
  git("config", "--global", "core.hooksPath", elsewhere);
}

function leaveChanges({ root, git }: TestRepository): void {
  writeFiles(root, { "src/math.mjs": "export const stashed = true;\n" });
  git("stash", "--quiet");
  writeFiles(root, { "staged.txt": "staged\n" });
  git("add", "staged.txt");
  writeFiles(root, { "test/math.test.mjs": "// changed\n", "untracked.txt": "mine\n", "debug.log": "ignored\n" });
}
