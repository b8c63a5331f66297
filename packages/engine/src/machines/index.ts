/** Machines: a room of the engine with a door of its own, since a run on the host does not load it. */
export { createEgress } from "./egress/index.ts";
export { getFolder, isFolder, putFolder } from "./files/folders.ts";
export type { ExecSpec, GuestConnection, GuestProcess, GuestSignal } from "./guest/port.ts";
export type { ImageCheckRow, StoredImage } from "./images/index.ts";
export { debianSources, openDebianArchive, readManifest, verifyImage } from "./images/index.ts";
export { runInGuest } from "./guest/run-in-guest.ts";
export { COPY_CREDENTIALS_WARNING } from "./manager/index.ts";
export type { DriverView, MachineManager, MachineView, OpenMachine } from "./manager/port.ts";
export { openImages, openMachines } from "./open-machines.ts";
export { readHostResources } from "./resources/index.ts";
export { type IsolationTrial, verifyIsolation } from "./isolation/verify-isolation.ts";
export { machinePlaces } from "./places.ts";
