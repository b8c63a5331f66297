import { dirname } from "node:path";
import { findByWords, type FoundMachine } from "../virtual/machine-process.ts";

/** Every process of machines of this kind, whoever started it: {@link findByWords}. */
export function findAllMachines(): readonly FoundMachine[] {
  return findByWords((words) => {
    const [, id] = /(?:^|\s)-name cloister-([a-z0-9]{12})\s/.exec(words) ?? [];
    const [, file] = /\s-pidfile (\/.*?\/qemu\.pid)\s/.exec(words) ?? [];
    return id === undefined || file === undefined ? undefined : { id, folder: dirname(file) };
  });
}
