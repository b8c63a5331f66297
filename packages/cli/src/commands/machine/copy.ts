/** Copies of machines. */
import type { CloneOptions } from "../../definitions/machine.ts";
import type { JsonOption } from "../../definitions/shared-options.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { printMachine } from "./machine-view.ts";
import { withMachines } from "./with-machines.ts";

/** `cloister machine clone`. */
export const clone: CommandHandler<CloneOptions> = async ({ args: [source = ""], options }, terminal) => {
  const { name, snapshot, json } = options;
  const into = { ...(name === undefined ? {} : { name }), ...(snapshot === undefined ? {} : { snapshot }) };
  printMachine(await withMachines(terminal, (machines) => machines.clone(source, into)), json, terminal);
  return 0;
};

/** `cloister machine fork`. */
export const fork: CommandHandler<JsonOption> = async ({ args: [source = "", ...names], options }, terminal) => {
  const views = await withMachines(terminal, (machines) => machines.fork(source, names));
  for (const view of views) printMachine(view, options.json, terminal);
  return 0;
};
