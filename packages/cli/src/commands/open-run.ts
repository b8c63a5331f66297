import { CloisterError, type RunId } from "@cloister/core";
import {
  findRepository,
  findRunStore,
  findUnfinishedRun,
  runPaths,
  type RunPaths,
  type RunStore,
  selectRun,
} from "@cloister/engine";
import type { Terminal } from "../terminal/terminal.ts";

/** A run that a command looks at or speaks to. */
export type OpenedRun = {
  readonly root: string;
  readonly store: RunStore;
  readonly run: RunId;
  readonly paths: RunPaths;
};

/**
 * Finds the run that the user means (undefined: the newest), in the repository that they stand in.
 * @throws CloisterError `repository_invalid`, `run_not_found`.
 */
export async function openRun({ cwd, env }: Terminal, wanted: string | undefined): Promise<OpenedRun> {
  const { root } = await findRepository(cwd, env);
  const store = findRunStore(root);
  const run = selectRun(store, wanted);
  if (store === undefined) throw new Error(`run ${run} was found without a store`);
  return { root, store, run, paths: runPaths(store, run) };
}

/**
 * Like {@link openRun}, but without a wish the newest run is meant that is not done (the newest, where all are).
 * @throws CloisterError `repository_invalid`, `run_not_found`.
 */
export async function openUnfinishedRun(terminal: Terminal, wanted: string | undefined): Promise<OpenedRun> {
  const newest = await openRun(terminal, wanted);
  const run = wanted === undefined ? findUnfinishedRun(newest.store) : undefined;
  return run === undefined ? newest : { ...newest, run, paths: runPaths(newest.store, run) };
}

/** The root of the repository that the user stands in; undefined outside of one, for what works there, too. */
export async function findRoot({ cwd, env }: Terminal): Promise<string | undefined> {
  try {
    return (await findRepository(cwd, env)).root;
  } catch (error: unknown) {
    if (CloisterError.isInstance(error) && error.code === "repository_invalid") return undefined;
    throw error;
  }
}
