/** What keeps QEMU itself within bounds on the host: a guest that breaks into it gets no more than this. */
import type { MachineLimits } from "@cloister/core";
import type { Hardware } from "../virtual/record.ts";

const MIB = 1024 * 1024;
/** QEMU's program, queues and caches; some 100 MiB are usual. */
const OWN_MEMORY_MIB = 512;
/** What emulation may keep of translated code: QEMU's default for `tb-size`. */
const TRANSLATED_CODE_MIB = 1024;
/** Its own work: devices, and saving memory. In the time that this takes, the guest would not run. */
const OWN_CORES = 1;
/** Threads beside processors: devices, the file pool (64 at most), saving. */
const OWN_THREADS = 128;
/** Tables of a layer take a part of what it holds, and logs grow slowly. */
const [TABLE_SHARE, LOG_MIB] = [1 / 64, 64];

/** What QEMU may use, so that a guest which uses all of its own does not hit it. */
export function processLimits({ accelerator, memoryMib, cpus, diskBytes }: Hardware): MachineLimits {
  const translated = accelerator === "tcg" ? TRANSLATED_CODE_MIB : 0;
  return {
    memoryMib: memoryMib + OWN_MEMORY_MIB + translated,
    cpus: cpus + OWN_CORES,
    diskMib: Math.ceil((diskBytes / MIB) * (1 + TABLE_SHARE)) + LOG_MIB,
    processes: cpus + OWN_THREADS,
  };
}
