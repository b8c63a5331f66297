import { dirname } from "node:path";
import { processTable } from "../../process/process-table.ts";
import { commandLines, type FoundMachine } from "../virtual/machine-process.ts";

/** Every process of machines of this kind, whoever started it. Reads the command line of every process: some ms. */
export function findAllMachines(): readonly FoundMachine[] {
  return commandLines().flatMap(({ pid, words }) => {
    const [, id] = /(?:^|\s)-name cloister-([a-z0-9]{12})\s/.exec(words) ?? [];
    const [, file] = /\s-pidfile (\/.*?\/qemu\.pid)\s/.exec(words) ?? [];
    const start = id === undefined ? undefined : processTable.find(pid)?.start;
    if (id === undefined || file === undefined || start === undefined) return [];
    return [{ pid, start, id, folder: dirname(file) }];
  });
}
