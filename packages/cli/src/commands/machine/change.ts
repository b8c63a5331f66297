/** Commands that change what a machine is doing. */
import type { MachineManager } from "@cloister/engine/machines";
import type { JsonOption } from "../../definitions/shared-options.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { printJson } from "../../terminal/terminal.ts";
import { withMachines } from "./with-machines.ts";

const CHANGES: Readonly<Record<string, (machines: MachineManager, name: string) => Promise<void>>> = {
  start: (machines, name) => machines.start(name),
  stop: (machines, name) => machines.stop(name),
  pause: (machines, name) => machines.pause(name),
  resume: (machines, name) => machines.resume(name),
};

/** `cloister machine start`, `stop`, `pause` and `resume`. */
export function change(command: string): CommandHandler<JsonOption> {
  return async ({ args: [name = ""], options }, terminal) =>
    withMachines(terminal, async (machines) => {
      await CHANGES[command]?.(machines, name);
      if (options.json === true) printJson(terminal, await machines.get(name));
      return 0;
    });
}
