import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, parseRunId, type RunId } from "@cloister/core";

/** Where a repository's runs live: `.cloister/` in its root, ignored by git through a file of its own. */
export type RunStore = { readonly folder: string };

/** Paths of one run. */
export type RunPaths = {
  readonly folder: string;
  readonly journal: string;
  readonly evidence: string;
  readonly inbox: string;
  readonly lock: string;
  readonly iterations: string;
  readonly report: string;
  /** What passed the gateway, an iteration a file. */
  readonly transcripts: string;
};

/** The run store of the repository at `root` (absolute); made where it does not exist. */
export function openRunStore(root: string): RunStore {
  const folder = join(root, ".cloister");
  mkdirSync(join(folder, "runs"), { recursive: true });
  const ignore = join(folder, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  return { folder };
}

/** The run store of the repository at `root` where it has one: looking makes nothing. */
export function findRunStore(root: string): RunStore | undefined {
  const folder = join(root, ".cloister");
  return existsSync(join(folder, "runs")) ? { folder } : undefined;
}

/** The paths of run `id`; nothing is made. */
export function runPaths(store: RunStore, id: RunId): RunPaths {
  const folder = join(store.folder, "runs", id);
  return {
    folder,
    journal: join(folder, "journal.db"),
    evidence: join(folder, "evidence"),
    inbox: join(folder, "inbox"),
    lock: join(folder, "lock"),
    iterations: join(folder, "iterations"),
    report: join(folder, "report"),
    transcripts: join(folder, "transcripts"),
  };
}

/** Ids of all runs, the oldest first (ids sort by start time). */
export function listRunIds(store: RunStore): RunId[] {
  return readdirSync(join(store.folder, "runs"))
    .flatMap((name) => parseRunId(name) ?? [])
    .filter((id) => existsSync(runPaths(store, id).journal))
    .sort();
}

/**
 * The run that a user names: a whole id, the unambiguous start of one, or undefined for the newest.
 * @throws CloisterError `run_not_found` with the ids that there are.
 */
export function selectRun(store: RunStore | undefined, wanted: string | undefined): RunId {
  const ids = store === undefined ? [] : listRunIds(store);
  const matches = wanted === undefined ? ids.slice(-1) : ids.filter((id) => id === wanted || id.startsWith(wanted));
  const [match] = matches;
  if (match !== undefined && (matches.length === 1 || match === wanted)) return match;
  throw new CloisterError({
    code: "run_not_found",
    message:
      wanted === undefined
        ? "This repository has no runs."
        : `Expected the id of one run, found ${matches.length} for "${wanted}".`,
    remedy: ids.length === 0 ? "Start one with: cloister run PLAN" : `Runs: ${ids.slice(-10).join(", ")}`,
  });
}

/** A new run id: start time to the second and some letters, so that ids sort by time. */
export function createRunId(now: Date, random: () => number): RunId {
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  const letters = Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, "0");
  return `${stamp}-${letters}`.toLowerCase() as RunId;
}
