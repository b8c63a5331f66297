export { detectGates, type DetectedGates } from "./detect.ts";
export { detectSetup, type DetectedSetup } from "./detect-setup.ts";
export { type Change, type ChangedFile, inspectChange, type InspectOptions } from "./guards/index.ts";
export { removeHeldOut } from "./held-out.ts";
export type { GateContext, RunGate } from "./port.ts";
export { type FlakeCheck, rerunForFlakes } from "./rerun-for-flakes.ts";
export { runGate, runGates } from "./run-gate.ts";
export { runWitness, type WitnessCheck, type WitnessedGate } from "./witness.ts";
