import type { Shape } from "../jit/request.ts";
import type { MachineLoop, SliceEnds } from "./loop.ts";
import type { MachineParts } from "./parts.ts";

/** How many instructions were run in each way. */
type InstructionsByTier = Readonly<Record<"interpreter" | Shape | "cached", number>>;

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
  /**
   * Instructions that were interpreted, run in blocks, and run in regions; of the latter two, those in code of the cache. A unit that a trap
   * left has not counted what it ran: that is shared out among units' tiers as what they counted.
   */
  readonly byTier: InstructionsByTier;
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
    byTier: shareOut(processor.countByTier(), instructions),
    sliceEnds: ends,
  };
}

/** Counts whose sum is the number of instructions, `cached` aside. The interpreter's own is exact. */
export function shareOut(counted: InstructionsByTier, instructions: number): InstructionsByTier {
  const { interpreter, block, region, cached } = counted;
  if (block + region === 0) return counted;
  const inUnits = instructions - interpreter;
  const factor = inUnits / (block + region);
  const inBlocks = Math.round(block * factor);
  return { interpreter, block: inBlocks, region: inUnits - inBlocks, cached: Math.round(cached * factor) };
}
