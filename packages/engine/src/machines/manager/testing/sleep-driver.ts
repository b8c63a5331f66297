// A driver whose machines are a folder with a disk, a file in the socket folder, and a sleeping process: small, and as real as others.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import type { MachineDriver, MachineSpec, MachineState, OptionalOperation } from "../../port.ts";
import { until } from "../../../process/testing/until.ts";

/** What a sleep driver can be made to do. */
export type SleepDriverOptions = {
  /** Called within effects, between their parts. */
  readonly onStep?: (step: string) => void;
  readonly operations?: readonly OptionalOperation[];
  /** Makes `create` fail after it has made everything. */
  readonly failsToCreate?: boolean;
};

/** Makes a driver of machines that sleep. */
export function createSleepDriver({
  onStep = (): void => undefined,
  failsToCreate = false,
  ...options
}: SleepDriverOptions = {}): MachineDriver {
  const operations = new Set<OptionalOperation>(options.operations ?? ["snapshot_disk", "clone", "fork"]);
  const start = async ({ env, socketFolder }: MachineSpec): Promise<void> => {
    writeFileSync(join(socketFolder, "control"), "");
    onStep("socket made");
    const child = spawn("sleep", ["600"], { env: { ...env }, detached: true, stdio: "ignore" });
    await once(child, "spawn");
    child.unref();
    onStep("process started");
  };
  const copy = async (source: MachineSpec, into: MachineSpec, snapshot?: string): Promise<void> => {
    copyFileSync(
      join(source.folder, snapshot === undefined ? "disk" : `snapshots/${snapshot}`),
      join(into.folder, "disk"),
    );
    onStep("disk copied");
    await start(into);
  };
  const stop = async (machine: MachineSpec): Promise<void> => {
    await endProcesses(machine.id);
    onStep("processes ended");
  };
  return {
    name: "container",
    title: "Sleep",
    isolation: "process",
    operations,
    limitations: [],
    probe: () => Promise.resolve({ usable: true, acceleration: "native", reason: "It sleeps." }),
    surroundings: ({ folder, env }) => ({ home: folder, env, hostPrograms: true, hostNetwork: true }),
    create: async (machine) => {
      writeFileSync(join(machine.folder, "disk"), machine.id);
      onStep("disk made");
      await start(machine);
      if (failsToCreate) throw new Error("it would not sleep");
    },
    start,
    stop,
    state: (machine) => Promise.resolve(stateOf(machine)),
    connect: () => Promise.reject(new CloisterError({ code: "machine_failed", message: "It sleeps." })),
    stats: () => Promise.resolve({}),
    destroy: async (machine) => {
      await stop(machine);
      rmSync(join(machine.folder, "disk"), { force: true });
      onStep("disk removed");
    },
    found: () => Promise.resolve([...new Set(sleepers().map(({ id }) => id))]),
    remove: endProcesses,
    ...snapshots(onStep),
    clone: copy,
    fork: async (source, into) => {
      for (const one of into) await copy(source, one);
    },
  };
}

/** Snapshots are copies of the disk. */
function snapshots(onStep: (step: string) => void): Pick<MachineDriver, "snapshot" | "restore" | "removeSnapshot"> {
  return {
    snapshot: async (machine, name, kind) => {
      mkdirSync(join(machine.folder, "snapshots"), { recursive: true });
      onStep("snapshot begun");
      copyFileSync(join(machine.folder, "disk"), join(machine.folder, "snapshots", name));
      onStep("snapshot copied");
      return { kind, pausedMs: 0, sizeKib: 1 };
    },
    restore: async (machine, name) => cpSync(join(machine.folder, "snapshots", name), join(machine.folder, "disk")),
    removeSnapshot: async (machine, name) => {
      rmSync(join(machine.folder, "snapshots", name), { force: true });
      onStep("snapshot removed");
    },
  };
}

/** Processes of this host that were started for a machine. */
export function sleepers(): readonly { readonly pid: number; readonly id: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    const id = /(?:^|\0)CLOISTER_MACHINE=([^\0]*)/.exec(readProc(`${name}/environ`))?.[1];
    return id === undefined || !readProc(`${name}/cmdline`).startsWith("sleep\0") ? [] : [{ pid: Number(name), id }];
  });
}

function stateOf({ id, folder }: MachineSpec): MachineState {
  if (sleepers().some((sleeper) => sleeper.id === id)) return "running";
  return existsSync(join(folder, "disk")) ? "stopped" : "missing";
}

/** Ends the processes of a machine, and waits until they are gone. */
export async function endProcesses(id: string): Promise<void> {
  for (const sleeper of sleepers()) if (sleeper.id === id) process.kill(sleeper.pid, "SIGKILL");
  await until(`processes of ${id} are gone`, () => !sleepers().some((sleeper) => sleeper.id === id));
}

function readProc(name: string): string {
  try {
    return readFileSync(join("/proc", name), "latin1");
  } catch {
    return ""; // It has ended, or is no process.
  }
}
