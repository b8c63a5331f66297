import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, parseRunId } from "@cloister/core";
import { findRunStore, listRunIds, runPaths } from "../../runs/run-store.ts";
import { stateHome } from "../../workspace/worktree.ts";

type Environment = Readonly<Record<string, string>>;

/** Where requests are written down: a run, or a gateway that was started alone. */
export type LedgerPlace = {
  /** The id of the run or the gateway. */
  readonly id: string;
  /** Path of its journal. */
  readonly journal: string;
  /** Path of the lock that its process holds. */
  readonly lock: string;
};

/** The place of gateway `id` of the user; nothing is made. */
export function gatewayPlace(env: Environment, id: string): LedgerPlace {
  const folder = join(gatewaysFolder(env), id);
  return { id, journal: join(folder, "journal.db"), lock: join(folder, "lock") };
}

/** The gateways that the user started alone, the oldest first (ids sort by start time). */
export function listGateways(env: Environment): readonly LedgerPlace[] {
  const folder = gatewaysFolder(env);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => parseRunId(name) !== undefined)
    .sort()
    .map((id) => gatewayPlace(env, id))
    .filter(({ journal }) => existsSync(journal));
}

/** Every place of which the user may want to see the ledger: their gateways, and the runs of the repository at `root`, where there is one. */
export function listLedgerPlaces(env: Environment, root: string | undefined): readonly LedgerPlace[] {
  const store = root === undefined ? undefined : findRunStore(root);
  const runs = store === undefined ? [] : listRunIds(store).map((id) => ({ id, ...runPaths(store, id) }));
  return [...listGateways(env), ...runs.map(({ id, journal, lock }) => ({ id, journal, lock }))];
}

/**
 * The place that a user names: a whole id, or the unambiguous start of one.
 * @param wanted undefined for the newest.
 * @throws CloisterError `run_not_found` with the ids that there are.
 */
export function selectPlace(places: readonly LedgerPlace[], wanted: string | undefined): LedgerPlace {
  const matches = wanted === undefined ? places.slice(-1) : places.filter(({ id }) => id.startsWith(wanted));
  const match = matches.find(({ id }) => id === wanted) ?? (matches.length === 1 ? matches[0] : undefined);
  if (match !== undefined) return match;
  const found = wanted === undefined ? "none" : `${matches.length} for "${wanted}"`;
  const ids = places.map(({ id }) => id);
  throw new CloisterError({
    code: "run_not_found",
    message: `Expected the id of one gateway or run, found ${found}.`,
    remedy: ids.length === 0 ? "Start a gateway with: cloister gateway" : `There are: ${ids.slice(-10).join(", ")}`,
  });
}

function gatewaysFolder(env: Environment): string {
  return join(stateHome(env), "gateways");
}
