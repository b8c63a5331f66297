/** Machines as sandboxes of processes: bubblewrap on Linux, seatbelt on macOS. */
export type { SandboxOptions } from "./create-sandbox-driver.ts";
export { createSandboxDriver } from "./create-sandbox-driver.ts";
