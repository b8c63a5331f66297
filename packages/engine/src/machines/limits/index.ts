/** Keeps the processes of a machine within what it may use of the host, by what the host has for it. */
export { applyLimits, probeLimits } from "./apply-limits.ts";
export { groupsNamed } from "./cgroup-places.ts";
export { limitsUsage } from "./group-limits.ts";
export { folderSizeKib } from "./folder-size.ts";
export { findMachineGroups, removeMachineGroups } from "./machine-groups.ts";
export type { AppliedLimits, LimitBreach, LimitsFinding, LimitsMethod, LimitsRequest, LimitsUsage } from "./port.ts";
export { stoppedByLimits } from "./stopped-by-limits.ts";
export { watchGroups } from "./watch-groups.ts";
export { watchGuestLimits } from "./watch-guest-limits.ts";
export { watchLimits } from "./watch-limits.ts";
