/** What `cloister vm run --stats FILE` writes, as far as it is used here. */
import { readFileSync } from "node:fs";

/** A run's figures. */
export type RunStatistics = {
  readonly instructions: number;
  readonly wallSeconds: number;
  readonly units: { readonly compiled: Readonly<Record<string, number>> };
  /** How many of them each tier ran; `cached` are those of all tiers that ran in code from the code cache. */
  readonly instructionsByTier: { readonly cached?: number };
};

/** Reads them. */
export function readRunStatistics(path: string): RunStatistics {
  return JSON.parse(readFileSync(path, "utf8")) as RunStatistics;
}

/** The share of instructions that ran in code from the code cache, in percent; NaN where the engine doesn't count them. */
export function cachedShare({ instructions, instructionsByTier: { cached = Number.NaN } }: RunStatistics): number {
  return (cached / instructions) * 100;
}

/** Units of all tiers that were compiled. */
export function compiledUnits({ units }: RunStatistics): number {
  return Object.values(units.compiled).reduce((sum, count) => sum + count, 0);
}
