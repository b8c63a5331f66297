import { type FoundMachine, findByWords } from "../virtual/machine-process.ts";

/** The word by which a machine's process is known; then come the machine's id and folder. */
export const PROCESS_MARK = "cloister-embedded-machine";

const OWN = new RegExp(`\\s${PROCESS_MARK} ([a-z0-9]{12}) (/.*\\S)\\s*$`);

/** Every process of machines of this kind, whoever started it: {@link findByWords}. */
export function findAllMachines(): readonly FoundMachine[] {
  return findByWords((words) => {
    const [, id, folder] = OWN.exec(words) ?? [];
    return id === undefined || folder === undefined ? undefined : { id, folder };
  });
}
