/** Files into and out of machines. */
import { createReadStream, createWriteStream, lstatSync } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CloisterError } from "@cloister/core";
import { getFolder, isFolder, putFolder } from "@cloister/engine/machines";
import type { CommandHandler } from "../../program/command-definition.ts";
import { withMachines } from "./with-machines.ts";

const MEBIBYTE = 1024 ** 2;
const MODE_BITS = 0o777;

/** `cloister machine put`. */
export const put: CommandHandler<object> = async ({ args: [name = "", from = "", to = ""] }, terminal) => {
  const source = resolve(terminal.cwd, from);
  const found = lstatSync(source, { throwIfNoEntry: false });
  if (found === undefined || !(found.isFile() || found.isDirectory())) throw notThere(from);
  return withMachines(terminal, async (machines) => {
    await using machine = await machines.open(name);
    const { user } = machine.surroundings;
    if (found.isDirectory()) await putFolder(machine, source, to);
    else
      await machine.guest.putFile(to, createReadStream(source), {
        mode: found.mode & MODE_BITS,
        ...(user === undefined ? {} : { user }),
      });
    return 0;
  });
};

/** `cloister machine get`. What comes out stays below `to`, and no link is followed or made. */
export const get: CommandHandler<object> = async ({ args: [name = "", from = "", to = ""] }, terminal) => {
  const target = resolve(terminal.cwd, to);
  return withMachines(terminal, async (machines) => {
    await using machine = await machines.open(name);
    const maxBytes = machine.spec.limits.diskMib * MEBIBYTE;
    if (await isFolder(machine, from)) await getFolder(machine, from, { to: target, maxBytes });
    else await pipeline(Readable.from(machine.guest.getFile(from, { maxBytes })), createWriteStream(target));
    return 0;
  });
};

function notThere(path: string): CloisterError {
  return new CloisterError({
    code: "usage_invalid",
    message: `Expected a file or folder, found none at ${path}.`,
  });
}
