/** Snapshots of machines. */
import type { SnapshotOptions } from "../../definitions/machine.ts";
import type { JsonOption } from "../../definitions/shared-options.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { printJson } from "../../terminal/terminal.ts";
import { withMachines } from "./with-machines.ts";

const KIB_PER_MIB = 1024;

/** `cloister machine snapshot`. Without --disk, memory is saved as well where the driver can. */
export const snapshot: CommandHandler<SnapshotOptions> = async (
  { args: [name = "", wanted = ""], options },
  terminal,
) =>
  withMachines(terminal, async (machines) => {
    if (options.remove === true) {
      await machines.removeSnapshot(name, wanted);
      return 0;
    }
    const { driver } = await machines.get(name);
    const operations = (await machines.drivers()).find((view) => view.name === driver)?.operations ?? [];
    const kind = options.disk !== true && operations.includes("snapshot_full") ? "full" : "disk";
    const taken = await machines.snapshot(name, wanted, kind);
    const size = `${Math.round(taken.sizeKib / KIB_PER_MIB)} MiB`;
    const what = kind === "full" ? "disk and memory" : "the disk";
    if (options.json === true) printJson(terminal, taken);
    else terminal.print(`saved ${what} of ${name} as ${wanted}: ${size}, held up for ${Math.round(taken.pausedMs)} ms`);
    return 0;
  });

/** `cloister machine restore`. */
export const restore: CommandHandler<JsonOption> = async ({ args: [name = "", wanted = ""], options }, terminal) =>
  withMachines(terminal, async (machines) => {
    await machines.restore(name, wanted);
    if (options.json === true) printJson(terminal, await machines.get(name));
    return 0;
  });
