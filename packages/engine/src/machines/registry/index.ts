export type { Decision, Registry, RegistryOptions } from "./open-registry.ts";
export { openRegistry } from "./open-registry.ts";
export { isSameProcess, thisProcess } from "./process-name.ts";
