import type { RunId } from "@cloister/core";
import {
  findRepository,
  findRunStore,
  listRunIds,
  readRun,
  runPaths,
  type RunPaths,
  type RunStore,
  type RunView,
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

/** A run as it stands, opened. */
export type OpenedView = { readonly opened: OpenedRun; readonly view: RunView };

/**
 * Like {@link openRun}, but without a wish the newest run is meant that is not done (the newest, where all are).
 * @throws CloisterError `repository_invalid`, `run_not_found`.
 */
export async function openUnfinishedRun(terminal: Terminal, wanted: string | undefined): Promise<OpenedView> {
  const newest = await openRun(terminal, wanted);
  const { store } = newest;
  const candidates = wanted === undefined ? listRunIds(store).toReversed() : [];
  for (const run of candidates) {
    const view = readRun(store, run);
    if (view.state.ended?.reason !== "done") return { opened: { ...newest, run, paths: runPaths(store, run) }, view };
  }
  return { opened: newest, view: readRun(store, newest.run) };
}
