import { launchUnder } from "./launcher.ts";
import type { AppliedLimits, LimitsRequest } from "./port.ts";

let scopes = 0;

/**
 * Limits by scopes of the user's systemd, for users who may not make control groups themselves. Each process tree has the machine's
 * whole limits; systemd removes a scope with its last process. Events are not told: what hits a limit just ends, or is refused.
 */
export function applySystemdLimits({ id, limits }: LimitsRequest): AppliedLimits {
  scopes += 1;
  const properties = [
    `MemoryMax=${Math.ceil(limits.memoryMib)}M`,
    "MemorySwapMax=0",
    `TasksMax=${limits.processes}`,
    `CPUQuota=${Math.ceil(limits.cpus * 100)}%`,
  ];
  const unit = `--unit=cloister-${id}-${process.pid}-${scopes}`;
  const options = properties.flatMap((property) => ["-p", property]);
  const scope = ["systemd-run", "--user", "--scope", "--quiet", "--collect", unit, ...options, "--"];
  return {
    method: "systemd",
    wrap: (argv) => [...scope, ...launchUnder([], limits.diskMib, argv)],
    ...watchesNothing,
  };
}

/**
 * What is left where the host offers nothing better: the size of single files. RLIMIT_NPROC would count every process of the user on
 * the host, and RLIMIT_AS would stop programs that reserve more address space than they use, as Node does: neither is set.
 */
export function applyResourceLimits({ limits }: LimitsRequest): AppliedLimits {
  return { method: "rlimits", wrap: (argv) => launchUnder([], limits.diskMib, argv), ...watchesNothing };
}

const watchesNothing = {
  breach: () => undefined,
  release: () => Promise.resolve(),
};
