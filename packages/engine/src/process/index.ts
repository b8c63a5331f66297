export type { ExitCause, ProcessExit, ProcessSpec, RunningProcess, StartProcess } from "./port.ts";
export { startProcess, STOP_GRACE_MS } from "./start-process.ts";
export { findMarked, isAlive, MARKER_VARIABLE } from "./proc-table.ts";
export { sweep } from "./sweep.ts";
