import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DEFAULT_MACHINE_LIMITS } from "@cloister/core";
import { applyGroupLimits } from "./group-limits.ts";
import { runTool } from "../tool/index.ts";
import { findGroupParents, PROBE_PREFIX } from "./machine-groups.ts";
import type { AppliedLimits, LimitsFinding, LimitsMethod, LimitsRequest } from "./port.ts";
import { applyResourceLimits, applySystemdLimits } from "./simple-limits.ts";

/** The kernel answers at once, but on a host that is overloaded: there of all places machines must not go without limits. */
const GROUPS_MS = 60_000;
/** A user's systemd may not answer at all. */
const SYSTEMD_MS = 5000;
/** Somebody waits for the answer of a probe. */
const PROBE_MS = 2500;

type Found = { readonly finding: LimitsFinding; readonly apply: (request: LimitsRequest) => AppliedLimits };

let found: Promise<Found> | undefined;

/** Says what enforces limits here, found by running a process under them. Tried once; takes some ms, 2.5 s at most. Never rejects. */
export async function probeLimits(): Promise<LimitsFinding> {
  const late = new AbortController();
  const tooLate = delay(PROBE_MS, LATE, { signal: late.signal, ref: false }).catch(() => LATE);
  const finding = await Promise.race([findOnce().then((result) => result.finding), tooLate]);
  late.abort();
  return finding;
}

/**
 * Prepares limits for a process tree by the best means this host has.
 * @throws CloisterError `machine_failed` where the kernel takes back what it allowed at the probe.
 */
export async function applyLimits(request: LimitsRequest): Promise<AppliedLimits> {
  return (await findOnce()).apply(request);
}

function findOnce(): Promise<Found> {
  return (found ??= findMethod());
}

async function findMethod(): Promise<Found> {
  const parents = findGroupParents();
  const apply = (request: LimitsRequest): AppliedLimits => applyGroupLimits(parents ?? [], request);
  if (parents !== undefined && (await works(apply, GROUPS_MS))) {
    return { finding: describe(parents[0]?.version === 2 ? "cgroup_v2" : "cgroup_v1"), apply };
  }
  if (process.platform === "linux" && (await works(applySystemdLimits, SYSTEMD_MS)))
    return { finding: describe("systemd"), apply: applySystemdLimits };
  return { finding: describe("rlimits"), apply: applyResourceLimits };
}

/** Runs a program under limits: files that exist prove nothing. */
async function works(apply: Found["apply"], timeLimitMs: number): Promise<boolean> {
  try {
    const id = `${PROBE_PREFIX}${randomBytes(4).toString("hex").slice(1)}`;
    const applied = apply({ id, limits: DEFAULT_MACHINE_LIMITS });
    const [file = "", ...args] = applied.wrap(["/bin/sh", "-c", "exit 0"]);
    try {
      await runTool(file, args, { env: systemdEnvironment(), timeLimitMs });
    } finally {
      await applied.release();
    }
    return true;
  } catch {
    return false; // Refused: the next best is tried.
  }
}

/** What `systemd-run --user` finds its manager by. */
function systemdEnvironment(): Record<string, string> {
  const { PATH = "/usr/bin:/bin", XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS } = process.env;
  return {
    PATH,
    ...(XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR }),
    ...(DBUS_SESSION_BUS_ADDRESS === undefined ? {} : { DBUS_SESSION_BUS_ADDRESS }),
  };
}

function describe(method: LimitsMethod): LimitsFinding {
  return { method, ...FINDINGS[method] };
}

const byGroups = (version: number): string =>
  `Memory, processor and processes are limited by control groups (version ${version}), for all of a machine together.`;

const FINDINGS: Readonly<Record<LimitsMethod, Omit<LimitsFinding, "method">>> = {
  cgroup_v2: { enforced: byGroups(2) },
  cgroup_v1: { enforced: byGroups(1) },
  systemd: {
    enforced: "Memory, processor and processes are limited by scopes of the user's systemd.",
    missing: "Each connection to a machine has the whole limits, and which of them ended a program is not told.",
  },
  rlimits: {
    enforced: "Only the size of files is limited.",
    missing:
      "Memory, processor and the number of processes are not: this user may not make control groups, and `systemd-run --user --scope` does not work.",
  },
};

const LATE: LimitsFinding = {
  method: "rlimits",
  enforced: "Only that the size of files is limited is certain.",
  missing: `What else is limited could not be found out within ${PROBE_MS / 1000} s: this host is very busy.`,
};
