import { followRun, readRun, type PlacedEvent } from "@cloister/engine";
import type { LogsOptions } from "../definitions/watching.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { describeEvent } from "../render/describe-event.ts";
import { stampLine } from "../render/tone.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { openRun } from "./open-run.ts";

/** `cloister logs [RUN] [-f] [--iteration N]`. */
export const logs: CommandHandler<LogsOptions> = async ({ args: [wanted], options }, terminal) => {
  const { store, run } = await openRun(terminal, wanted);
  if (options.follow !== true) {
    for (const recorded of readRun(store, run).events) printEvent(terminal, options, recorded);
    return 0;
  }
  for await (const recorded of followRun(store, run, { from: 1, signal: terminal.closed }))
    printEvent(terminal, options, recorded);
  return 0;
};

function printEvent(terminal: Terminal, { json, iteration }: LogsOptions, recorded: PlacedEvent): void {
  const { position, time, event } = recorded;
  if (iteration !== undefined && !("iteration" in event && event.iteration === iteration)) return;
  if (json === true) return printJson(terminal, { position, time, ...event });
  const line = describeEvent(event);
  if (line !== undefined) terminal.print(stampLine(terminal.paint, time, line));
}
