import { CloisterError } from "@cloister/core";
import { createGit } from "./run-git.ts";

/** A git repository as a run finds it. */
export type Repository = {
  /** Absolute path of the work tree's root. */
  readonly root: string;
  readonly head: string;
  /** Undefined where HEAD is detached. */
  readonly branch?: string;
};

/**
 * The repository that `folder` lies in.
 * @throws CloisterError `repository_invalid` where there is none, or it has no commit yet.
 */
export async function findRepository(folder: string, env: Readonly<Record<string, string>>): Promise<Repository> {
  const git = createGit(folder, env);
  const answer = await git(["rev-parse", "--show-toplevel", "HEAD", "--symbolic-full-name", "HEAD"], {
    allow: [128],
  }).catch((cause: unknown) => {
    throw invalid(`${folder} could not be looked at.`, cause);
  });
  const [root, head, name] = answer.stdout.trim().split("\n");
  if (answer.code !== 0 && (root === undefined || root === ""))
    throw invalid(`Expected a git repository, found none at ${folder}.`);
  if (answer.code !== 0 || root === undefined || head === undefined || !/^[0-9a-f]{40,64}$/.test(head))
    throw invalid(
      `The repository at ${root} has no commit yet.`,
      undefined,
      "Commit something first: a run starts from a commit.",
    );
  const branch = name?.startsWith("refs/heads/") === true ? name.slice("refs/heads/".length) : undefined;
  return { root, head, ...(branch === undefined ? {} : { branch }) };
}

function invalid(
  message: string,
  cause?: unknown,
  remedy = "Run Cloister in a git repository (git init).",
): CloisterError {
  return new CloisterError({ code: "repository_invalid", message, remedy, cause });
}
