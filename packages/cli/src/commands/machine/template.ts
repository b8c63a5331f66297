import type { TemplateOptions } from "../../definitions/machine.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { readSettings, toLimits } from "./create.ts";
import { withMachines } from "./with-machines.ts";

const DEFAULT_IMAGE = "agents";

/** `cloister machine template`. */
export const template: CommandHandler<TemplateOptions> = async ({ options }, terminal) => {
  const settings = readSettings(terminal);
  const { driver = "qemu", image = settings.image ?? DEFAULT_IMAGE } = options;
  terminal.note(`booting ${image} with ${driver} and warming it up …`);
  const limits = toLimits(options, settings);
  const fingerprint = await withMachines(terminal, (machines) => machines.template({ driver, image, limits }));
  terminal.print(fingerprint);
  return 0;
};
