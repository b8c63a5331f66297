/** What `cloister vm run --stats FILE` writes, as far as it is used here. */
import { readFileSync } from "node:fs";

/** A run's figures. */
export type RunStatistics = {
  readonly instructions: number;
  readonly wallSeconds: number;
  readonly units: { readonly compiled: Readonly<Record<string, number>> };
  /** Shares of the instructions, 0 to 1, by what ran them: `cached` is what came compiled from the code cache. */
  readonly shares: Readonly<Record<"cached", number>>;
};

/** Reads them. */
export function readRunStatistics(path: string): RunStatistics {
  return JSON.parse(readFileSync(path, "utf8")) as RunStatistics;
}

/** Units of all tiers that were compiled. */
export function compiledUnits({ units }: RunStatistics): number {
  return Object.values(units.compiled).reduce((sum, count) => sum + count, 0);
}
