import { cp, symlink } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import picomatch from "picomatch";
import type { RunGit } from "../vcs/index.ts";

/** What to do with files that git ignores when a worktree is made: `rebuild` and `none` leave them to the set-up. */
export type CarryRule = { readonly path: string; readonly how: "copy" | "link" | "rebuild" | "none" };

/** A worktree to carry ignored files into. */
export type CarryRequest = { readonly from: string; readonly to: string; readonly rules: readonly CarryRule[] };

/** Brings ignored files of the user's checkout into the worktree, as the rules say; the first rule that fits a path decides. */
export async function carryIgnored(git: RunGit, { from, to, rules }: CarryRequest): Promise<readonly string[]> {
  const active = rules.filter(({ how }) => how === "copy" || how === "link");
  if (active.length === 0) return [];
  const answer = await git(["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"]);
  const carried: string[] = [];
  for (const entry of answer.stdout.split("\0").filter((path) => path !== "")) {
    const path = entry.replace(/\/$/, "");
    const rule = rules.find((candidate) =>
      picomatch(candidate.path, { dot: true, basename: !candidate.path.includes("/") })(path),
    );
    if (rule === undefined || (rule.how !== "copy" && rule.how !== "link") || existsSync(join(to, path))) continue;
    if (rule.how === "link") await symlink(join(from, path), join(to, path));
    else await cp(join(from, path), join(to, path), { recursive: true, verbatimSymlinks: true });
    carried.push(path);
  }
  return carried;
}
