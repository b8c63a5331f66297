import type { Shape } from "../jit/request.ts";
import type { MachineLoop, SliceEnds } from "./loop.ts";
import type { MachineParts } from "./parts.ts";

/** What a machine did since it was made. */
export type MachineStatistics = {
  /** Instructions that the guest ran. */
  readonly instructions: number;
  /** Time in `run`, the guest's own waiting included. */
  readonly wallSeconds: number;
  /** Units of code that were compiled, by shape. */
  readonly compiled: Readonly<Record<Shape, number>>;
  /** Units that came from the code cache. */
  readonly loaded: Readonly<Record<Shape, number>>;
  /** Instructions that were interpreted, run in blocks, and run in regions; of the latter two, those in code of the cache. */
  readonly byTier: Readonly<Record<"interpreter" | Shape | "cached", number>>;
  /** Why generated code came back to the machine's loop, how often. */
  readonly sliceEnds: SliceEnds;
};

/** Collects what the parts of a machine count. */
export function readStatistics(
  { processor }: Pick<MachineParts, "processor">,
  { instructions, wallSeconds, ends }: Pick<MachineLoop, "instructions" | "wallSeconds" | "ends">,
): MachineStatistics {
  return {
    instructions,
    wallSeconds,
    compiled: { ...processor.compiled },
    loaded: { ...processor.loaded },
    byTier: processor.countByTier(),
    sliceEnds: ends,
  };
}
