/** Machines: a room of the engine with a door of its own, since a run on the host does not load it. */
export type { MachineManager } from "./manager/port.ts";
