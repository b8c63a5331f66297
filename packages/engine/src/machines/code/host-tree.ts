/**
 * The host's side of code on its way into a machine and back: trees, commits and bundles of the run's repository. Nothing here runs
 * anything of the repository's (`vcs/run-git.ts`), and no link is ever made: in a run with a machine apart, git writes links as plain files.
 */
import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { createGit, type RunGit } from "../../vcs/index.ts";

/** What may come out of a machine. */
export type CodeLimits = {
  /** Of all files together, in bytes. */
  readonly maxBytes: number;
  readonly maxFiles: number;
};

/** References of this work tree alone (gitrepository-layout, refs/worktree): they go with it, and the user does not see them. */
export const OWN_REFS: string = "refs/worktree/cloister/";
/** What is brought out is refused beyond this many files. */
export const MAX_FILES: number = 200_000;
/** Of the listing of one file: more is nobody's path. */
const LISTED_BYTES = 256;
/** Who makes the commits that carry code to and fro: nobody sees them. */
const CARRIER = {
  GIT_AUTHOR_NAME: "Cloister",
  GIT_AUTHOR_EMAIL: "cloister@localhost",
  GIT_COMMITTER_NAME: "Cloister",
  GIT_COMMITTER_EMAIL: "cloister@localhost",
};
/** The environment for git on a workspace whose files come from a machine: links are written as plain files. */
export function withoutLinks(env: Readonly<Record<string, string>>): Record<string, string> {
  const count = Number(env["GIT_CONFIG_COUNT"] ?? 0);
  return {
    ...env,
    GIT_CONFIG_COUNT: String(count + 1),
    [`GIT_CONFIG_KEY_${count}`]: "core.symlinks",
    [`GIT_CONFIG_VALUE_${count}`]: "false",
  };
}

/** The workspace on the host, as git sees it. */
export class HostTree {
  readonly #git: RunGit;
  /** Holds bundles and the index of what is on its way. */
  readonly #folder: string;

  constructor({
    workspace,
    folder,
    env,
  }: {
    readonly workspace: string;
    readonly folder: string;
    readonly env: Readonly<Record<string, string>>;
  }) {
    this.#git = createGit(workspace, env);
    this.#folder = folder;
  }

  /**
   * The workspace as a tree, files that git ignores left out. Neither index nor branch is touched.
   * @param leave paths (relative to the workspace) that stay as the index has them: what is in a tree stays in the machine's repository
   */
  async tree(leave: readonly string[] = []): Promise<string> {
    const index = join(this.#folder, "index");
    const own = await this.#line(["rev-parse", "--path-format=absolute", "--git-path", "index"]);
    // A copy knows which files did not change.
    await copyFile(own, index).catch(() => rm(index, { force: true }));
    const paths = [".", ...leave.map((path) => `:(exclude,literal)${path}`)];
    const answer = await this.#git(["add", "-A", "--", ...paths], {
      followUp: "git write-tree",
      env: { GIT_INDEX_FILE: index },
    });
    return answer.stdout.trim();
  }

  head(): Promise<string> {
    return this.#line(["rev-parse", "--verify", "HEAD"]);
  }

  /** A commit of `tree` on `parent`, on no branch. */
  async carrier(tree: string, parent: string): Promise<string> {
    const made = await this.#git(["commit-tree", tree, "-p", parent, "-F", "-"], {
      input: "in transit\n",
      env: CARRIER,
    });
    return made.stdout.trim();
  }

  /** Packs commits into one file. @param known commits that the other side has. @returns its path */
  async bundle(refs: Readonly<Record<string, string>>, known: readonly string[]): Promise<string> {
    const path = join(this.#folder, "in.bundle");
    for (const [name, commit] of Object.entries(refs)) await this.#git(["update-ref", name, commit]);
    await this.#git([
      "bundle",
      "create",
      "--quiet",
      path,
      ...Object.keys(refs),
      ...known.map((commit) => `^${commit}`),
    ]);
    return path;
  }

  /**
   * Takes in the bundle that a machine made, and makes the workspace equal to its commit.
   * @returns the commit and its tree
   * @throws CloisterError `machine_failed` where it holds what git refuses, or more than the limits.
   */
  async adopt(
    bundle: string,
    ref: string,
    limits: CodeLimits,
  ): Promise<{ readonly carrier: string; readonly tree: string }> {
    const taken = `${OWN_REFS}from-machine`;
    // Not `git fetch`: what is no bundle, it takes for the way to a repository.
    const listed = await this.#refuse(() => this.#line(["bundle", "unbundle", bundle, ref]));
    await this.#refuse(() => this.#git(["update-ref", taken, listed.split(" ")[0] ?? ""]));
    await this.#checkSize(taken, limits);
    await this.#refuse(() => this.#git(["read-tree", "--reset", "-u", taken]));
    const [carrier = "", tree = ""] = (await this.#line(["rev-parse", taken, `${taken}^{tree}`])).split("\n");
    return { carrier, tree };
  }

  async #checkSize(commit: string, { maxBytes, maxFiles }: CodeLimits): Promise<void> {
    const listed = await this.#git(["ls-tree", "-r", "-l", "-z", commit], { maxBytes: maxFiles * LISTED_BYTES });
    // Mode, type, name and size, then a tab and the path (git-ls-tree).
    const sizes = listed.stdout.split("\0").map((entry) => Number(/^\d+ \w+ \w+ +(\d+)\t/.exec(entry)?.[1] ?? 0));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    if (bytes <= maxBytes && sizes.length <= maxFiles) return;
    throw new CloisterError({
      code: "machine_failed",
      message: `Expected at most ${maxFiles} files and ${maxBytes} bytes of code out of the machine, found ${sizes.length} and ${bytes}.`,
      remedy: "Let .gitignore name what the work leaves behind, or raise the machine's disk limit.",
    });
  }

  async #refuse<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    try {
      return await act();
    } catch (cause: unknown) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CloisterError({
        code: "machine_failed",
        message: `What came out of the machine was refused: ${why}`,
        cause,
      });
    }
  }

  async #line(args: readonly string[]): Promise<string> {
    return (await this.#git(args)).stdout.trim();
  }
}
