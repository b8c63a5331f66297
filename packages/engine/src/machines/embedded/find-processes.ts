import { processTable } from "../../process/process-table.ts";
import { type FoundMachine, commandLines } from "../virtual/machine-process.ts";

/** The word by which a machine's process is known; then come the machine's id and folder. */
export const PROCESS_MARK = "cloister-embedded-machine";

/** Every process of machines of this kind, whoever started it. Reads the command line of every process: some ms. */
export function findAllMachines(): readonly FoundMachine[] {
  return commandLines().flatMap(({ pid, words }) => {
    const [, id, folder] = new RegExp(`\\s${PROCESS_MARK} ([a-z0-9]{12}) (/.*\\S)\\s*$`).exec(words) ?? [];
    const start = id === undefined ? undefined : processTable.find(pid)?.start;
    return id === undefined || folder === undefined || start === undefined ? [] : [{ pid, start, id, folder }];
  });
}
