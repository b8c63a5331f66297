/**
 * What keeps the processes of a machine within what it may use of the host. Owns: control groups, resource limits, the watch over a
 * folder's size, and saying which of them a host can enforce. Used by the sandbox, and by drivers that run a VM as a process.
 *
 * Invariants:
 * L1. A machine never gets more than this process has itself: its group lies below one of this process's own.
 * L2. What is not enforced is said, in words.
 * L3. Groups carry the machine's id: after a crash they are found, and removed, by it alone.
 */
import type { MachineLimits } from "@cloister/core";

/** What enforces limits, the best first. */
export type LimitsMethod = "cgroup_v2" | "cgroup_v1" | "systemd" | "rlimits";

/** What a probe of the host found. */
export type LimitsFinding = {
  readonly method: LimitsMethod;
  /** What is enforced by what, in a sentence. */
  readonly enforced: string;
  /** What is not, and what follows from it. Undefined: everything is. */
  readonly missing?: string;
};

/** A limit that a machine came up against. */
export type LimitBreach = {
  readonly limit: "memory" | "processes" | "disk";
  /** For people, a sentence. */
  readonly detail: string;
};

/** What processes under limits use. Undefined: can't be had. */
export type LimitsUsage = {
  /** In ms. */
  readonly cpuMs?: number;
  readonly memoryKib?: number;
  readonly processes?: number;
};

/** Limits for one process tree. Several with one id share what the machine may use, where groups enforce it. */
export interface AppliedLimits {
  readonly method: LimitsMethod;
  /** The command that puts itself under the limits and then becomes `argv`: same process, same descriptors. */
  wrap(argv: readonly string[]): readonly string[];
  /** The first limit that was hit since these limits were made. Two to four reads of kernel files. */
  breach(): LimitBreach | undefined;
  /** Removes the group: to be called when its processes have ended or are about to. Waits for them for 2 s at most. Idempotent. */
  release(): Promise<void>;
}

/** Whose limits. */
export type LimitsRequest = {
  /** Of the machine: lower case letters and digits, 12 of them. */
  readonly id: string;
  readonly limits: MachineLimits;
};
