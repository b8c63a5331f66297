export type { ExitCause, ProcessExit, ProcessSpec, RunningProcess, StartProcess } from "./port.ts";
export type { Guardian } from "./guardian.ts";
export { startGuardian } from "./guardian.ts";
export { markerFor } from "./marker.ts";
export { findMarked, isAlive } from "./process-table.ts";
export { startProcess } from "./start-process.ts";
export { killRun } from "./sweep.ts";
