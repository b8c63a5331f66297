/** The console of a machine. */
import { spawnSync } from "node:child_process";
import { open } from "node:fs/promises";
import { CloisterError, toPlainText } from "@cloister/core";
import { quoteWord } from "@cloister/engine";
import type { CommandHandler } from "../../program/command-definition.ts";
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
  terminal.print(toPlainText(await readTail(log), MAX_LOG));
  return 0;
};

/** The end of a file, as much as anybody reads. */
async function readTail(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(MAX_LOG),
      position: Math.max(0, size - MAX_LOG),
    });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

function noConsole(name: string): CloisterError {
  return new CloisterError({
    code: "machine_unsupported",
    message: `Machine ${name} has no console that can be had.`,
    remedy: `Open a shell in it: cloister machine shell ${name}`,
  });
}
