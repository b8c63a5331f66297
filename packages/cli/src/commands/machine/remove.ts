import { CloisterError } from "@cloister/core";
import type { RemoveOptions } from "../../definitions/machine.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { withMachines } from "./with-machines.ts";

/** `cloister machine rm`. */
export const remove: CommandHandler<RemoveOptions> = async ({ args, options }, terminal) => {
  if (args.length > 0 === (options.all === true)) throw needsOne();
  return withMachines(terminal, async (machines) => {
    const names = options.all === true ? (await machines.list()).map(({ name }) => name) : args;
    for (const name of names) {
      await machines.remove(name);
      terminal.print(`removed ${name}`);
    }
    return 0;
  });
};

function needsOne(): CloisterError {
  return new CloisterError({
    code: "usage_invalid",
    message: "Expected the names of machines to remove, or --all.",
    remedy: "See them with: cloister machine list",
  });
}
