import type { JsonOption } from "../../definitions/shared-options.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { describeDuration } from "@cloister/core";
import { printJson } from "../../terminal/terminal.ts";
import { withMachines } from "./with-machines.ts";

const KIB_PER_MIB = 1024;

/** `cloister machine stats`. */
export const stats: CommandHandler<JsonOption> = async ({ args: [name = ""], options }, terminal) => {
  const used = await withMachines(terminal, (machines) => machines.stats(name));
  if (options.json === true) {
    printJson(terminal, used);
    return 0;
  }
  terminal.print(
    `processor  ${used.cpuMs === undefined ? "unknown" : describeDuration(Math.round(used.cpuMs))}`,
    `memory     ${describeKib(used.memoryKib)}`,
    `disk       ${describeKib(used.diskKib)}`,
    `processes  ${used.processes ?? "unknown"}`,
  );
  return 0;
};

function describeKib(kib: number | undefined): string {
  return kib === undefined ? "unknown" : `${(kib / KIB_PER_MIB).toFixed(1)} MiB`;
}
