import { lockHolder, readRun, resumeRun, sendControl } from "@cloister/engine";
import type { ResumeOptions } from "../definitions/running.ts";
import { toRunLimits } from "../definitions/shared-options.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { openUnfinishedRun, type OpenedRun } from "./open-run.ts";
import { presentRun } from "./present-run.ts";
import { createSurroundings } from "./run-context.ts";

/** `cloister resume [RUN]`. */
export const resume: CommandHandler<ResumeOptions> = async ({ args: [wanted], options }, terminal) => {
  const opened = await openUnfinishedRun(terminal, wanted);
  if (isPaused(opened)) return unpause(opened, options, terminal);
  const limits = toRunLimits(options);
  const { root: _root, ...surroundings } = await createSurroundings(terminal, { limits });
  return presentRun(terminal, { json: options.json === true }, (hooks) =>
    resumeRun({ ...surroundings, ...hooks, run: opened.run, limits }),
  );
};

/** Only a run that lives is read here: one that does not is read when it is resumed. */
function isPaused({ store, run, paths }: OpenedRun): boolean {
  return lockHolder(paths.lock) !== undefined && readRun(store, run).state.paused;
}

/** A run that lives needs no new process: it is told to go on. */
function unpause({ run, paths }: OpenedRun, { json }: ResumeOptions, terminal: Terminal): number {
  sendControl(paths.inbox, { type: "unpause" }, terminal.now());
  const message = "goes on, where it was started";
  if (json === true) printJson(terminal, { run, alive: true, message });
  else terminal.print(`Run ${run} ${message}. Watch it with: cloister logs -f`);
  return 0;
}
