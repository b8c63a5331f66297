import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CloisterError } from "@cloister/core";
import { createGit, findRepository, openWorkTree } from "../../src/vcs/index.ts";
import { carryIgnored } from "../../src/workspace/carry.ts";
import { prepareWorktree, stateHome, worktreeFolder } from "../../src/workspace/worktree.ts";
import { createTestRepository } from "../harness/repository.ts";

test("a checkpoint holds what was staged, with its trailers, and runs no hook", async () => {
  using repository = await createTestRepository();
  const { root, env, git } = repository;
  const hook = join(root, ".git", "hooks", "post-commit");
  writeFileSync(hook, `#!/bin/sh\ntouch "${repository.folder}/hooked"\n`);
  chmodSync(hook, 0o755);
  const tree = openWorkTree(root, env);
  writeFileSync(join(root, "new.txt"), "new\n");
  const head = git(["rev-parse", "HEAD"]);
  const commit = await tree.commit({
    tree: await tree.stage([]),
    parent: head,
    subject: "made",
    trailers: { "Cloister-Run": "r", "Cloister-Iteration": "3" },
  });
  assert.equal(git(["rev-parse", "HEAD"]), commit);
  assert.deepEqual(await tree.lastCommit(), { commit, trailers: { "Cloister-Run": "r", "Cloister-Iteration": "3" } });
  assert.deepEqual((await tree.status()).entries, []);
  assert.equal(existsSync(join(repository.folder, "hooked")), false);
});

test("a commit is refused where the branch has moved on", async () => {
  using repository = await createTestRepository();
  const tree = openWorkTree(repository.root, repository.env);
  const head = repository.git(["rev-parse", "HEAD"]);
  repository.git(["commit", "-q", "--allow-empty", "-m", "meanwhile"]);
  const request = { tree: await tree.treeOf(head), parent: head, subject: "late", trailers: {} };
  await assert.rejects(tree.commit(request), (error) => CloisterError.isInstance(error) && error.code === "git_failed");
});

test("cleaning takes back what a check left, and nothing else", async () => {
  using repository = await createTestRepository();
  const { root, env } = repository;
  const tree = openWorkTree(root, env);
  writeFileSync(join(root, "kept.txt"), "the user's\n");
  writeFileSync(join(root, "package.json"), "agent's\n");
  await tree.stage(["kept.txt"]);
  writeFileSync(join(root, "package.json"), "gate's\n");
  writeFileSync(join(root, "gate.log"), "gate's\n");
  await tree.clean(["kept.txt"]);
  assert.equal(readFileSync(join(root, "package.json"), "utf8"), "agent's\n");
  assert.equal(readFileSync(join(root, "kept.txt"), "utf8"), "the user's\n");
  assert.equal(existsSync(join(root, "gate.log")), false);
});

test("an overlay is the base with some files of the change on top, deletions included", async () => {
  using repository = await createTestRepository({ "src/gone.txt": "gone\n" });
  const { root, env, git } = repository;
  const tree = openWorkTree(root, env);
  const base = await tree.treeOf(git(["rev-parse", "HEAD"]));
  git(["rm", "-q", "src/gone.txt"]);
  writeFileSync(join(root, "src", "math.mjs"), "changed\n");
  writeFileSync(join(root, "test", "new [1].test.mjs"), "new\n");
  const top = await tree.stage([]);
  await tree.overlay(base, top, ["test/new [1].test.mjs", "src/gone.txt"]);
  assert.equal(readFileSync(join(root, "test", "new [1].test.mjs"), "utf8"), "new\n");
  assert.match(readFileSync(join(root, "src", "math.mjs"), "utf8"), /export function add/);
  assert.equal(existsSync(join(root, "src", "gone.txt")), false);
  await tree.reset(top);
  await tree.clean([]);
  assert.equal(readFileSync(join(root, "src", "math.mjs"), "utf8"), "changed\n");
});

test("marks are counted as words in text files", async () => {
  using repository = await createTestRepository({
    "a.txt": "TODO one TODO\nTODOS are none\nFIXME\n",
    "b.bin": "TODO\0",
  });
  const tree = openWorkTree(repository.root, repository.env);
  assert.deepEqual(await tree.countWords(repository.git(["rev-parse", "HEAD"]), ["TODO", "FIXME"]), {
    TODO: 2,
    FIXME: 1,
  });
});

test("git is not led astray by the environment or the repository's configuration", async () => {
  using repository = await createTestRepository();
  repository.git(["config", "core.fsmonitor", `touch ${repository.folder}/monitored`]);
  const tree = openWorkTree(repository.root, {
    ...repository.env,
    GIT_DIR: "/nowhere",
    GIT_INDEX_FILE: "/nowhere/index",
  });
  assert.equal((await tree.status()).branch, "main");
  assert.equal(existsSync(join(repository.folder, "monitored")), false);
});

test("a repository is found from any folder in it, and told apart from none and an empty one", async () => {
  using repository = await createTestRepository();
  const { root, env, git, folder } = repository;
  assert.equal((await findRepository(join(root, "src"), env)).root, git(["rev-parse", "--show-toplevel"]));
  const isInvalid = (error: unknown): boolean => CloisterError.isInstance(error) && error.code === "repository_invalid";
  await assert.rejects(findRepository(join(folder, "home"), env), isInvalid);
  git(["init", "-q", join(folder, "empty")]);
  await assert.rejects(findRepository(join(folder, "empty"), env), isInvalid);
});

test("a worktree is made outside the repository, anew where a crash left half of one, and carries what it is told to", async () => {
  using repository = await createTestRepository({ ".gitignore": ".env*\nnode_modules/\ncache/\n" });
  const { root, env, git } = repository;
  writeFileSync(join(root, ".env.local"), "KEY=1\n");
  for (const name of ["node_modules", "cache"]) {
    git(["init", "-q", join(root, name)]);
    writeFileSync(join(root, name, "file.txt"), name);
  }
  symlinkSync("/etc/hostname", join(root, ".env.link"));
  const run = createGit(root, env);
  const request = {
    folder: worktreeFolder(env, root, "run-1" as never),
    branch: "cloister/run-1",
    commit: git(["rev-parse", "HEAD"]),
  };
  assert.ok(request.folder.startsWith(stateHome(env)));
  git(["branch", request.branch]);
  await prepareWorktree(run, request);
  await prepareWorktree(run, request);
  assert.equal(git(["branch", "--show-current"], request.folder), request.branch);
  const rules = [
    { path: ".env*", how: "copy" },
    { path: "node_modules", how: "link" },
    { path: "cache", how: "none" },
  ] as const;
  const carried = await carryIgnored(run, { from: root, to: request.folder, rules });
  assert.deepEqual([...carried].sort(), [".env.link", ".env.local", "node_modules"]);
  assert.equal(readFileSync(join(request.folder, ".env.local"), "utf8"), "KEY=1\n");
  assert.equal(existsSync(join(request.folder, "cache")), false);
  assert.equal(git(["status", "--porcelain"]), "");
});
