// A program for the crash cases: leads a machine through the steps that are asked for, and says before and after each what it is at.
// Argument, as JSON: the environment, how the machine is made, the steps, and a mark for the environment of what it runs inside.
import { writeSync } from "node:fs";
import { openMachines } from "../../src/machines/open-machines.ts";
import type { CreateRequest, MachineManager } from "../../src/machines/manager/port.ts";
import { startIn } from "../../src/machines/testing/run-in-machine.ts";

/** What the program is told. */
export type Life = {
  readonly env: Readonly<Record<string, string>>;
  readonly request: CreateRequest;
  readonly steps: readonly LifeStep[];
  readonly mark: string;
};

/** Steps of a life, on a machine named `one`. */
export type LifeStep =
  | "create"
  | "work"
  | "pause"
  | "resume"
  | "snapshot_disk"
  | "snapshot_full"
  | "restore"
  | "clone"
  | "fork"
  | "stop"
  | "start"
  | "remove";

const STEPS: Readonly<Record<LifeStep, (manager: MachineManager, life: Life) => Promise<unknown>>> = {
  create: (manager, { request }) => manager.create({ ...request, name: "one" }),
  work: async (manager, { mark }) => {
    const machine = await manager.open("one");
    const [name = "", value = ""] = mark.split("=");
    // Held until this process ends.
    await startIn(machine, ["sleep", "600"], { env: { ...machine.env, [name]: value }, timeLimitMs: 600_000 }).pid;
  },
  pause: (manager) => manager.pause("one"),
  resume: (manager) => manager.resume("one"),
  snapshot_disk: (manager) => manager.snapshot("one", "first", "disk"),
  snapshot_full: (manager) => manager.snapshot("one", "second", "full"),
  restore: (manager) => manager.restore("one", "first"),
  clone: (manager) => manager.clone("one", { name: "two" }),
  fork: (manager) => manager.fork("one", ["three", "four"]),
  stop: (manager) => manager.stop("one"),
  start: (manager) => manager.start("one"),
  remove: (manager) => manager.remove("one"),
};

const life = JSON.parse(process.argv[2] ?? "") as Life;
const manager = openMachines(life.env);
for (const step of life.steps) {
  writeSync(1, `begin ${step}\n`);
  await STEPS[step](manager, life);
  writeSync(1, `end ${step}\n`);
}
// Machines that are worked in are held until this process is killed.
setInterval(() => undefined, 60_000);
