import { CloisterError } from "@cloister/core";
import type { LimitBreach } from "./port.ts";

/** The error of a machine that its limits have stopped: `machine_failed`, with the breach as its cause. */
export function stoppedByLimits(breach: LimitBreach): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `The machine was stopped by its limits. ${breach.detail}`,
    remedy: "Give it higher limits if its work needs them.",
    cause: breach,
  });
}
