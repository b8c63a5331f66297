export type { DriverTable, ManagerOptions } from "./context.ts";
export { COPY_CREDENTIALS_WARNING } from "./copy-credentials.ts";
export { createMachineManager } from "./create-manager.ts";
