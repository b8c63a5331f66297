import { CloisterError, type DriverName, type MachineLimits, type MachinePolicy } from "@cloister/core";
import { loadConfig, type MachineSettings } from "@cloister/engine";
import { COPY_CREDENTIALS_WARNING } from "@cloister/engine/machines";
import type { CreateOptions } from "../../definitions/machine.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { printMachine } from "./machine-view.ts";
import { withMachines } from "./with-machines.ts";

/** `cloister machine create`. */
export const create: CommandHandler<CreateOptions> = async ({ options }, terminal) => {
  const settings = readSettings(terminal);
  const driver = options.driver ?? needDriver(settings.driver);
  const policy = toPolicy(options, settings);
  const image = options.image ?? (driver === settings.driver ? settings.image : undefined);
  if (policy.copyCredentials) terminal.note(COPY_CREDENTIALS_WARNING);
  const view = await withMachines(terminal, (machines) =>
    machines.create({
      driver,
      policy,
      ...(image === undefined ? {} : { image }),
      ...(options.name === undefined ? {} : { name: options.name }),
    }),
  );
  printMachine(view, options.json, terminal);
  return 0;
};

/** The configuration of the user, without that of any repository. */
export function readSettings({ env, home }: Terminal): MachineSettings {
  return loadConfig({ repository: undefined, env, home }).values.machine;
}

function needDriver(configured: DriverName): DriverName {
  if (configured !== "host") return configured;
  throw new CloisterError({
    code: "usage_invalid",
    message: "Expected the kind of machine to make.",
    remedy: "Add --driver, such as --driver sandbox. `cloister doctor` shows which work here.",
  });
}

/** Sizes of the command line, over the configuration's. */
export function toLimits(
  { memory, cpus, disk, processes }: Pick<CreateOptions, "memory" | "cpus" | "disk" | "processes">,
  settings: MachineSettings,
): MachineLimits {
  return {
    memoryMib: memory ?? settings.memoryMib,
    cpus: cpus ?? settings.cpus,
    diskMib: disk ?? settings.diskMib,
    processes: processes ?? settings.processes,
  };
}

/** What the command line says, over the configuration; hosts, mounts and secrets of both. */
function toPolicy(options: CreateOptions, settings: MachineSettings): MachinePolicy {
  return {
    limits: toLimits(options, settings),
    egress: [...settings.allowHosts, ...(options.allowHost ?? [])],
    mounts: [...settings.mounts, ...(options.mount ?? [])],
    secrets: settings.secrets,
    copyCredentials: options.copyCredentials ?? settings.copyCredentials,
  };
}
