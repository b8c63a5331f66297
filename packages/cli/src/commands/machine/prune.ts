import { EXIT_CODES } from "@cloister/core";
import type { JsonOption } from "../../definitions/shared-options.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { toSingleLine } from "../../render/plain-text.ts";
import { printJson } from "../../terminal/terminal.ts";
import { withMachines } from "./with-machines.ts";

/** `cloister machine prune`. */
export const prune: CommandHandler<JsonOption> = async ({ options }, terminal) => {
  const report = await withMachines(terminal, (machines) => machines.reconcile());
  if (options.json === true) printJson(terminal, report);
  else {
    const lines = [...report.adopted, ...report.removed].map(toSingleLine);
    terminal.print(...(lines.length === 0 ? ["Nothing was left behind."] : lines));
    for (const problem of report.problems) terminal.note(toSingleLine(problem));
  }
  return report.problems.length === 0 ? 0 : EXIT_CODES.machine_failed;
};
