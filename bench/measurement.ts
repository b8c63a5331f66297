/** What a scenario measured, and the statistics of it. */

/** Figures from one stretch of time: Cloister's, and those of the peer, taken right before or after. */
export type Round = { readonly cloister: readonly number[]; readonly peer: readonly number[] };

/** What must not be exceeded: `difference` is Cloister's figure less the median of the peer's in the same round. */
export type Target =
  | { readonly of: "cloister" | "difference"; readonly p50: number; readonly p95?: number }
  /** Cloister's median as a multiple of the peer's. */
  | { readonly of: "ratio"; readonly atMost: number }
  | { readonly of: "ratio"; readonly atLeast: number }
  /** Cloister's median, where more is better. */
  | { readonly of: "cloister"; readonly atLeast: number };

/** One row of the results. */
export type Measurement = {
  readonly name: string;
  /** `/s`, `MB/s` and `MIPS`: more is better. */
  readonly unit: "ms" | "s" | "MB" | "bytes" | "images" | "workloads" | "units" | "/s" | "MB/s" | "MIPS" | "%" | "×";
  /** The bare thing beside it, in a few words; empty where there is none, and rounds have no figures of it. */
  readonly peer: string;
  readonly rounds: readonly Round[];
  readonly target?: Target;
};

/** Where the time of something goes: parts in order, with their figures in ms. */
export type Breakdown = {
  readonly name: string;
  readonly parts: readonly { readonly name: string; readonly values: readonly number[] }[];
};

/** All that a scenario found out. */
export type Findings = { readonly measurements: readonly Measurement[]; readonly breakdowns: readonly Breakdown[] };

/** Something to measure. */
export type Scenario = { readonly name: string; readonly measure: () => Promise<Findings> };

/** The middle and the 95th percentile. */
export type Summary = { readonly p50: number; readonly p95: number };

/** The value that the given share (0 to 1) of `values` does not exceed, by nearest rank. NaN where there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Sums up figures. */
export function summarise(values: readonly number[]): Summary {
  return { p50: percentile(values, 0.5), p95: percentile(values, 0.95) };
}

/** The arithmetic mean, which adds up where medians do not. NaN where there are no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Each figure of Cloister's less the peer's median of the same round. */
export function differences(rounds: readonly Round[]): number[] {
  return rounds.flatMap(({ cloister, peer }) => {
    const bare = percentile(peer, 0.5);
    return cloister.map((value) => value - bare);
  });
}

/** Cloister's median as a multiple of the peer's. */
export function ratio(rounds: readonly Round[]): number {
  const ours = rounds.flatMap(({ cloister }) => cloister);
  return (
    percentile(ours, 0.5) /
    percentile(
      rounds.flatMap(({ peer }) => peer),
      0.5,
    )
  );
}

/** Whether a measurement meets its target; undefined where it has none. */
export function meetsTarget({ rounds, target }: Measurement): boolean | undefined {
  if (target === undefined) return undefined;
  if (target.of === "ratio")
    return "atMost" in target ? ratio(rounds) <= target.atMost : ratio(rounds) >= target.atLeast;
  const values = target.of === "difference" ? differences(rounds) : rounds.flatMap(({ cloister }) => cloister);
  const { p50, p95 } = summarise(values);
  if ("atLeast" in target) return p50 >= target.atLeast;
  return p50 <= target.p50 && p95 <= (target.p95 ?? Number.POSITIVE_INFINITY);
}
