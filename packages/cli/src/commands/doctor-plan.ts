import { describeCount, DRIVER_APPETITES, planDensity } from "@cloister/core";
import { machinePlaces, readHostResources } from "@cloister/engine/machines";
import type { DoctorOptions } from "../definitions/setting-up.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { toSingleLine } from "../render/plain-text.ts";
import { printJson } from "../terminal/terminal.ts";

/** `cloister doctor --plan N`. */
export const doctorPlan: CommandHandler<DoctorOptions> = ({ options }, terminal) => {
  const { plan: loops = 1, driver = "sandbox" } = options;
  const { total } = readHostResources(machinePlaces(terminal.env).machines);
  const plan = planDensity(total, loops, DRIVER_APPETITES[driver]);
  if (options.json === true) printJson(terminal, { loops, driver, host: total, ...plan });
  else {
    const { memoryMib, cpus, diskMib } = plan.limits;
    terminal.print(
      `this host   ${total.memoryMib} MiB of memory, ${total.cpus} processors, ${total.diskMib} MiB of disk`,
      `machines    ${plan.machines} of kind ${driver} at a time, for ${describeCount(loops, "loop")}`,
      `each        ${memoryMib} MiB of memory, ${cpus} processors, ${diskMib} MiB of disk`,
      `set aside   ${plan.memoryMib} MiB of memory, ${plan.diskMib} MiB of disk`,
      ...plan.warnings.map((warning) => terminal.paint("yellow", toSingleLine(warning))),
    );
  }
  return Promise.resolve(0);
};
