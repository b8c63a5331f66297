import { hash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import type { RunId } from "@cloister/core";
import type { RunGit } from "../vcs/index.ts";

/** Where Cloister keeps what belongs to no repository: `CLOISTER_STATE_HOME`, or `cloister` in the user's state folder. */
export function stateHome(env: Readonly<Record<string, string>>): string {
  const chosen = env.CLOISTER_STATE_HOME;
  if (chosen !== undefined && chosen !== "") return chosen;
  const base = env.XDG_STATE_HOME;
  return join(
    base !== undefined && base.startsWith("/") ? base : join(env.HOME ?? homedir(), ".local", "state"),
    "cloister",
  );
}

/** The folder of a run's worktree: outside the repository, so that the user's own tools do not find the copy. */
export function worktreeFolder(env: Readonly<Record<string, string>>, repository: string, run: RunId): string {
  const name = `${basename(repository)}-${hash("sha256", repository, "hex").slice(0, 8)}`;
  return join(stateHome(env), "worktrees", name, run);
}

/** A worktree to make. */
export type WorktreeRequest = { readonly folder: string; readonly branch: string; readonly commit: string };

/**
 * Makes a worktree on a branch of its own. What a crash left half made is made anew; a finished one is kept as it is.
 * @returns true where it was made just now, and stands at `commit` on a branch that did not exist before.
 */
export async function prepareWorktree(git: RunGit, { folder, branch, commit }: WorktreeRequest): Promise<boolean> {
  if (existsSync(join(folder, ".git"))) return false;
  mkdirSync(folder, { recursive: true });
  const add = ["worktree", "add", "--force", "--quiet"];
  const made = await git([...add, "-b", branch, folder, commit], { allow: [128, 255] });
  if (made.code === 0) return true;
  // A crash may have left the branch, or git's note of the folder. What else is wrong, the second attempt says.
  await git(["worktree", "prune"]);
  const known = await git(["rev-parse", "--verify", "--quiet", `refs/heads/${branch}`], { allow: [1] });
  await git([...add, ...(known.code === 0 ? [folder, branch] : ["-b", branch, folder, commit])]);
  return false;
}
