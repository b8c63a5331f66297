import type { JsonOption } from "../../definitions/shared-options.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { printJson } from "../../terminal/terminal.ts";
import { renderMachines } from "./machine-view.ts";
import { withMachines } from "./with-machines.ts";

/** `cloister machine list`. */
export const list: CommandHandler<JsonOption> = async ({ options }, terminal) => {
  const views = await withMachines(terminal, (machines) => machines.list());
  if (options.json === true) for (const view of views) printJson(terminal, view);
  else if (views.length === 0)
    terminal.print("There is no machine. Make one with: cloister machine create --driver sandbox");
  else terminal.print(...renderMachines(views, terminal));
  return 0;
};
