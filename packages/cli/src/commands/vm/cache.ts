import { clearCacheFiles, listCacheFiles } from "@cloister/vm/node";
import type { VmCacheOptions } from "../../definitions/vm.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { describeClock, describeDate } from "../../render/quantities.ts";
import { renderTable } from "../../render/table.ts";
import { printJson } from "../../terminal/terminal.ts";
import { codeCacheFolder } from "./code-cache.ts";
import { withVmErrors } from "./with-vm-errors.ts";

const KIB = 1024;
const COLUMNS = [
  { title: "FILE" },
  { title: "ENGINE" },
  { title: "UNITS", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "SAVED" },
] as const;

/** `cloister vm cache list`. */
export const list: CommandHandler<VmCacheOptions> = ({ options }, terminal) =>
  withVmErrors(async () => {
    const files = await listCacheFiles(codeCacheFolder(options.cache, terminal));
    if (options.json === true) for (const file of files) printJson(terminal, file);
    else if (files.length === 0)
      terminal.print("No compiled code is kept. Each run of a machine keeps what it compiles.");
    else
      terminal.print(
        ...renderTable(
          COLUMNS,
          files.map(({ name, kind, bytes, modified, header }) => [
            name,
            header?.engine ?? kind,
            header === undefined ? "" : String(header.units),
            `${Math.round(bytes / KIB)} KiB`,
            `${describeDate(modified).slice(0, 10)} ${describeClock(modified)}`,
          ]),
        ),
      );
    return 0;
  });

/** `cloister vm cache clear`. */
export const clear: CommandHandler<VmCacheOptions> = ({ options }, terminal) =>
  withVmErrors(async () => {
    const removed = await clearCacheFiles(codeCacheFolder(options.cache, terminal));
    if (options.json === true) printJson(terminal, removed);
    else terminal.print(`removed ${removed.files} files, ${Math.round(removed.bytes / KIB)} KiB`);
    return 0;
  });
