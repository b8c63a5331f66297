import { writeFileSync } from "node:fs";
import { CloisterError } from "@cloister/core";
import type { MachineStatistics } from "@cloister/vm";

const MICROSECONDS = 1e6;

/**
 * Writes what a machine did, and what it cost, as JSON.
 * @throws CloisterError `usage_invalid` where the file can't be written
 */
export function writeStatistics(
  path: string,
  { compiled, loaded, byTier, sliceEnds, ...statistics }: MachineStatistics,
): void {
  const { user, system } = process.cpuUsage();
  const content = {
    ...statistics,
    cpuSeconds: (user + system) / MICROSECONDS,
    units: { compiled, loaded },
    instructionsByTier: byTier,
    exits: sliceEnds,
  };
  try {
    writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CloisterError({ code: "usage_invalid", message: `Statistics could not be written: ${reason}`, cause });
  }
}
