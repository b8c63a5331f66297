export type { SizedMachine } from "./check-room.ts";
export { checkRoom } from "./check-room.ts";
export type { HostResources } from "./host-room.ts";
export { readHostResources } from "./host-room.ts";
