import { EXIT_CODES } from "@cloister/core";
import { type IsolationTrial, verifyIsolation } from "@cloister/engine/machines";
import type { DoctorOptions } from "../definitions/setting-up.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { toSingleLine } from "../render/plain-text.ts";
import { printJson, type Paint } from "../terminal/terminal.ts";
import { withMachines } from "./machine/with-machines.ts";

/** `cloister doctor --verify-isolation`. */
export const doctorIsolation: CommandHandler<DoctorOptions> = async ({ options }, terminal) => {
  const { driver = "sandbox", image } = options;
  terminal.note(`making a machine of kind ${driver} and trying to get out of it …`);
  const wish = { driver, ...(image === undefined ? {} : { image }) };
  const trials = await withMachines(terminal, (machines) => verifyIsolation(machines, wish));
  const holds = trials.every(({ held }) => held !== false);
  if (options.json === true) printJson(terminal, { driver, holds, trials });
  else terminal.print(...trials.map((trial) => renderTrial(trial, terminal.paint)));
  return holds ? 0 : EXIT_CODES.blocked;
};

function renderTrial({ trial, held, found }: IsolationTrial, paint: Paint): string {
  const mark = held === undefined ? paint("yellow", "?") : held ? paint("green", "✓") : paint("red", "✗");
  return `${mark} ${trial}: ${toSingleLine(found)}`;
}
