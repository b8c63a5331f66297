export { detectGates } from "./detect.ts";
export { detectSetup } from "./detect-setup.ts";
export { rerunForFlakes } from "./rerun-for-flakes.ts";
export { runGate } from "./run-gate.ts";
export type { Change } from "./guards/change.ts";
import type { Finding } from "@cloister/core";
import type { Change, InspectOptions } from "./guards/change.ts";
// PLACEHOLDER by the lead: replace with the real inspectChange and runWitness.
export const inspectChange = async (_change: Change, _options: InspectOptions): Promise<Finding[]> => [];
export const runWitness = async (_options: { gates: unknown; files: unknown; withOverlay: (files: readonly string[], run: () => Promise<unknown>) => Promise<unknown>; context: unknown }): Promise<Finding[]> => [];
