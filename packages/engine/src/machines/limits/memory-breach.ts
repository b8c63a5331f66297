import type { LimitBreach } from "./port.ts";

/** What a kernel that ended a process for want of memory says of its machine. @param memoryMib the machine's limit */
export function memoryBreach(memoryMib: number): LimitBreach {
  return {
    limit: "memory",
    detail: `It needed more than its ${memoryMib} MiB of memory, and the kernel ended a process of it.`,
  };
}
