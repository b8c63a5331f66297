import type { GateResult, GateSpec } from "@cloister/core";
import type { EvidenceStore } from "../evidence/store.ts";
import type { RunMachine } from "../machines/run/port.ts";

/** What a gate needs of a machine. */
export type GateMachine = Pick<RunMachine, "startProcess" | "bringIn" | "makeFolder" | "fetch">;

/** What a gate needs to run. */
export type GateContext = {
  /** Absolute path of the folder to run in. */
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
  /** See `ProcessSpec.marker`. */
  readonly marker: string;
  /** Where it runs. */
  readonly machine: GateMachine;
  readonly evidence: EvidenceStore;
  readonly signal?: AbortSignal;
};

/**
 * Runs one gate once and reads what it says. Contract: what could not run is inconclusive (I2); it rejects where the machine itself fails, and for
 * nothing else.
 * Defined in `run-gate.ts`.
 */
export type RunGate = (gate: GateSpec, context: GateContext) => Promise<GateResult>;
