/** The console of a machine. */
import { spawnSync } from "node:child_process";
import { CloisterError } from "@cloister/core";
import { quoteWord } from "@cloister/engine";
import type { CommandHandler } from "../../program/command-definition.ts";
import { toPlainText } from "@cloister/core";
import { withMachines } from "./with-machines.ts";

/** `cloister machine console`: prints the command that attaches, and runs it. */
export const attachConsole: CommandHandler<object> = async ({ args: [name = ""] }, terminal) => {
  const { attach } = await withMachines(terminal, (machines) => machines.console(name));
  const [file, ...args] = attach ?? [];
  if (file === undefined) throw noConsole(name);
  terminal.note([file, ...args].map(quoteWord).join(" "));
  return spawnSync(file, args, { stdio: "inherit", env: terminal.env }).status ?? 1;
};

const MAX_LOG = 1_000_000;

/** `cloister machine logs`. */
export const printLog: CommandHandler<object> = async ({ args: [name = ""] }, terminal) => {
  const { log } = await withMachines(terminal, (machines) => machines.console(name));
  if (log === undefined) throw noConsole(name);
  terminal.print(toPlainText(log, MAX_LOG));
  return 0;
};

function noConsole(name: string): CloisterError {
  return new CloisterError({
    code: "machine_unsupported",
    message: `Machine ${name} has no console that can be had.`,
    remedy: `Open a shell in it: cloister machine shell ${name}`,
  });
}
