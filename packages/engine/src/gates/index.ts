export { detectGates } from "./detect.ts";
export { detectSetup } from "./detect-setup.ts";
export { type Change, inspectChange } from "./guards/index.ts";
export { removeHeldOut } from "./held-out.ts";
export { rerunForFlakes } from "./rerun-for-flakes.ts";
export { runGate } from "./run-gate.ts";
export { runWitness } from "./witness.ts";
