/**
 * What a run does to its work tree. Owns: looking at changes, staging, committing, going back. It never touches another branch
 * than the run's, and never the user's checkout unless that is the work tree (`--in-place`).
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DiffStat } from "@cloister/core";
import { createGit, type RunGit } from "./run-git.ts";
import { parseRawDiff, parseStatus, type ChangedFile, type TreeStatus } from "./parse.ts";

/** A difference between two trees. */
export type TreeDiff = { readonly stat: DiffStat; readonly files: readonly ChangedFile[] };

/** Answers that a work tree remembers of each kind. */
const REMEMBERED = 16;

/** A commit to make. */
export type CommitRequest = {
  readonly tree: string;
  readonly parent: string;
  readonly subject: string;
  readonly trailers: Readonly<Record<string, string>>;
};

/** The work tree of a run. Methods throw CloisterError `git_failed`. */
export interface WorkTree {
  readonly folder: string;
  /** Commit, branch and every path that differs from the index or is untracked. */
  status(): Promise<TreeStatus>;
  /** Puts everything that is not ignored into the index, and writes it as a tree. `leave`: paths to leave out. */
  stage(leave: readonly string[]): Promise<string>;
  /** The tree of a commit, named by its full hash. */
  treeOf(commit: string): Promise<string>;
  diff(from: string, to: string): Promise<TreeDiff>;
  /** The difference as a patch, cut at `maxBytes`. */
  patch(from: string, to: string, maxBytes: number): Promise<string>;
  /** Content of a file in a tree or commit; undefined where there is none. */
  read(treeish: string, path: string, maxBytes: number): Promise<string | undefined>;
  /** Makes a commit and moves the run's branch to it, if the branch still is at `parent`. */
  commit(request: CommitRequest): Promise<string>;
  /** The newest commit of the branch with its trailers. */
  lastCommit(): Promise<{ readonly commit: string; readonly trailers: Readonly<Record<string, string>> }>;
  /** Makes index and files equal to a tree; files that are in neither index nor tree stay. */
  reset(tree: string): Promise<void>;
  /** Makes index and files equal to `base`, with `files` as they are in `top` (removed where `top` lacks them). */
  overlay(base: string, top: string, files: readonly string[]): Promise<void>;
  /** Takes back what a check left behind: changed tracked files are restored, new ones removed, but for `leave`. */
  clean(leave: readonly string[]): Promise<void>;
  /** Points HEAD at the run's branch, and the branch at `commit`, without touching index or files. */
  attach(branch: string, commit: string): Promise<void>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  /** Keeps commits reachable under a name outside branches and tags. */
  keep(name: string, commit: string): Promise<void>;
  /** Counts words in tracked text files of a commit. */
  countWords(commit: string, words: readonly string[]): Promise<Readonly<Record<string, number>>>;
}

/** The work tree at `folder` (absolute), with the user's identity for commits, or Cloister's where the user has none. */
export function openWorkTree(folder: string, env: Readonly<Record<string, string>>): WorkTree {
  const git = createGit(folder, env);
  let identity: Promise<Record<string, string>> | undefined;
  const trees = createMemory<string>();
  const diffs = createMemory<TreeDiff>();
  return {
    folder,
    status: async () =>
      parseStatus((await git(["status", "--porcelain=v2", "--branch", "--untracked-files=all", "-z"])).stdout),
    stage: (leave) => stage(git, leave),
    treeOf: (commit) => trees.get(commit, () => line(git, ["rev-parse", "--verify", `${commit}^{tree}`])),
    diff: (from, to) => diffs.get(`${from} ${to}`, () => diff(git, from, to)),
    patch: async (from, to, maxBytes) =>
      (await git(["diff", "--no-ext-diff", "--no-textconv", "-M", from, to], { maxBytes })).stdout,
    read: (treeish, path, maxBytes) => readBlob(git, treeish, path, maxBytes),
    async commit(request) {
      const made = await commit(git, request, await (identity ??= commitIdentity(git)));
      await trees.get(made, () => Promise.resolve(request.tree));
      return made;
    },
    lastCommit: () => lastCommit(git),
    reset: async (tree) => void (await git(["read-tree", "--reset", "-u", tree])),
    overlay: (base, top, files) => overlay(git, { base, top, files }),
    clean: (leave) => clean(git, folder, leave),
    attach: (branch, at) => attach(git, branch, at),
    isAncestor: async (older, newer) =>
      (await git(["merge-base", "--is-ancestor", older, newer], { allow: [1, 128] })).code === 0,
    keep: async (name, at) => void (await git(["update-ref", `refs/cloister/${name}`, at])),
    countWords: (at, words) => countWords(git, at, words),
  };
}

/** Remembers the last answers about what can't change: objects are named by their content. */
function createMemory<Value>(): { get: (name: string, ask: () => Promise<Value>) => Promise<Value> } {
  const known = new Map<string, Promise<Value>>();
  return {
    get(name, ask) {
      const answer = known.get(name) ?? ask();
      known.delete(name);
      known.set(name, answer);
      answer.catch(() => known.delete(name));
      const [oldest] = known.keys();
      if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
      return answer;
    },
  };
}

async function diff(git: RunGit, from: string, to: string): Promise<TreeDiff> {
  return parseRawDiff((await git(["diff-tree", "-r", "-M", "--raw", "--numstat", "-z", from, to])).stdout);
}

async function line(git: RunGit, args: readonly string[]): Promise<string> {
  return (await git(args)).stdout.trim();
}

async function stage(git: RunGit, leave: readonly string[]): Promise<string> {
  const args = ["add", "-A", "--", ".", ...leave.map((path) => `:(exclude,literal)${path}`)];
  return (await git(args, { followUp: "git write-tree" })).stdout.trim();
}

async function readBlob(git: RunGit, treeish: string, path: string, maxBytes: number): Promise<string | undefined> {
  const answer = await git(["cat-file", "blob", `${treeish}:${path}`], { allow: [128], maxBytes });
  return answer.code === 0 ? answer.stdout : undefined;
}

/** The user's identity comes from git's own configuration; where it has none, Cloister signs. */
async function commitIdentity(git: RunGit): Promise<Record<string, string>> {
  const answer = await git(["config", "--get", "user.email"], { allow: [1] });
  if (answer.stdout.trim() !== "") return {};
  const [name, email] = ["Cloister", "cloister@localhost"];
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
}

async function commit(
  git: RunGit,
  { tree, parent, subject, trailers }: CommitRequest,
  env: Record<string, string>,
): Promise<string> {
  const lines = Object.entries(trailers).map(([key, value]) => `${key}: ${value}`);
  const message = `${subject}\n\n${lines.join("\n")}\n`;
  const made = await git(["commit-tree", tree, "-p", parent, "-F", "-"], {
    input: message,
    env: { ...env, PARENT: parent },
    followUp: 'git update-ref -m "cloister: checkpoint" HEAD "$answer" "$PARENT" && echo "$answer"',
  });
  return made.stdout.trim();
}

async function lastCommit(git: RunGit): Promise<{ commit: string; trailers: Record<string, string> }> {
  const text = await line(git, ["log", "-1", "--format=%H%n%(trailers:only,unfold)", "HEAD"]);
  const [made = "", ...rest] = text.split("\n");
  const pairs = rest.map((row) => /^([A-Za-z-]+): (.*)$/.exec(row)).filter((match) => match !== null);
  return { commit: made, trailers: Object.fromEntries(pairs.map(([, key, value]) => [key, value])) };
}

type OverlayTrees = { readonly base: string; readonly top: string; readonly files: readonly string[] };

async function overlay(git: RunGit, { base, top, files }: OverlayTrees): Promise<void> {
  await git(["read-tree", "--reset", "-u", base]);
  if (files.length === 0) return;
  const paths = files.map((path) => `:(literal)${path}`).join("\0");
  await git(["restore", "--source", top, "--staged", "--worktree", "--pathspec-from-file=-", "--pathspec-file-nul"], {
    input: paths,
  });
}

async function clean(git: RunGit, folder: string, leave: readonly string[]): Promise<void> {
  const { entries } = parseStatus((await git(["status", "--porcelain=v2", "--untracked-files=all", "-z"])).stdout);
  const kept = new Set(leave);
  const dirty = entries.filter(({ path, unstaged }) => unstaged && !kept.has(path));
  const tracked = dirty.filter(({ untracked }) => !untracked).map(({ path }) => path);
  for (const { path } of dirty.filter(({ untracked }) => untracked)) await rm(join(folder, path), { force: true });
  if (tracked.length > 0) await git(["checkout-index", "-f", "-z", "--stdin"], { input: tracked.join("\0") });
}

async function attach(git: RunGit, branch: string, at: string): Promise<void> {
  await git(["update-ref", `refs/heads/${branch}`, at]);
  await git(["symbolic-ref", "HEAD", `refs/heads/${branch}`]);
}

async function countWords(git: RunGit, at: string, words: readonly string[]): Promise<Record<string, number>> {
  const answer = await git(["grep", "-I", "-o", "-h", "-w", "-E", words.join("|"), at], { allow: [1] });
  const counts = Object.fromEntries(words.map((word) => [word, 0]));
  for (const word of answer.stdout.split("\n")) if (word in counts) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
