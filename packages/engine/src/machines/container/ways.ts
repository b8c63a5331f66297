import { readFileSync } from "node:fs";
import { CloisterError } from "@cloister/core";
import type { Engine, EngineProgram } from "./engine.ts";

/** One set of options to try an engine with. */
export type Way = {
  readonly engine: Engine;
  /** Ends the sentence "podman runs containers …". */
  readonly name: string;
};

const RUNTIME = /^[A-Za-z0-9/][\w./-]{0,200}$/;

/**
 * The ways in which an engine may work here, the plain one first. Where this session may not raise its own limits, the engine's defaults
 * for containers can't be set: then they get this session's. Where the cgroup tree is a mixed one, systemd and crun can't manage it.
 * @param runtime such as `runsc`; default: the engine's own.
 * @throws CloisterError `machine_unsupported` where `runtime` is no name.
 */
export function waysOf(program: EngineProgram, runtime: string | undefined): readonly Way[] {
  const limits = sessionLimits();
  const own = runtimeOptions(program, runtime);
  const named = runtime === undefined ? "" : `by ${runtime}, `;
  const way = (name: string, globals: readonly string[], create: readonly string[]): Way => ({
    name: `${named}${name}`,
    engine: { program, globals: [...own.globals, ...globals], create: [...own.create, ...create] },
  });
  const everywhere = [way("as it comes", [], []), way("with this session's own limits", [], limits)];
  if (program === "docker") return everywhere;
  const cgroupfs = ["--cgroup-manager=cgroupfs"];
  const ways = [...everywhere, way("with this session's own limits and cgroupfs", cgroupfs, limits)];
  if (runtime !== undefined) return ways;
  const runc = [...cgroupfs, "--runtime", "runc"];
  return [...ways, way("with this session's own limits, cgroupfs and runc", runc, limits)];
}

function runtimeOptions(program: EngineProgram, runtime: string | undefined): Pick<Engine, "globals" | "create"> {
  if (runtime === undefined) return { globals: [], create: [] };
  if (!RUNTIME.test(runtime))
    throw new CloisterError({
      code: "machine_unsupported",
      message: `CLOISTER_CONTAINER_RUNTIME: expected the name of a container runtime, got ${JSON.stringify(runtime)}.`,
    });
  if (program === "docker") return { globals: [], create: ["--runtime", runtime] };
  // gVisor refuses to bring up a network in the host's namespace, which is where podman starts it.
  const flags = runtime.endsWith("runsc") ? ["--runtime-flag", "network=none"] : [];
  return { globals: ["--runtime", runtime, ...flags], create: [] };
}

/** This session's hard limits on open files and processes; nothing where there is no /proc. */
function sessionLimits(): readonly string[] {
  const table = readOrEmpty("/proc/self/limits");
  const hard = (name: string): number =>
    Number(new RegExp(`^${name} +\\S+ +(\\d+)`, "m").exec(table)?.[1] ?? Number.NaN);
  // Engines lower their own limit to the number of process ids that there can be, and can't give more than they have.
  const processIds = Number(readOrEmpty("/proc/sys/kernel/pid_max")) || Number.POSITIVE_INFINITY;
  const limits = { nofile: hard("Max open files"), nproc: Math.min(hard("Max processes"), processIds) };
  const known = Object.entries(limits).filter(([, limit]) => Number.isFinite(limit));
  return known.flatMap(([name, limit]) => ["--ulimit", `${name}=${limit}:${limit}`]);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // No /proc: not Linux, so the engine runs in a virtual machine with limits of its own.
  }
}
