/** Commands that speak to a run through its inbox. */
import { type Control, lockHolder, sendControl } from "@cloister/engine";
import type { JsonOption } from "../definitions/shared-options.ts";
import type { SteerOptions, StopOptions } from "../definitions/watching.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { endAtOnce } from "./end-at-once.ts";
import { openRun, type OpenedRun } from "./open-run.ts";

type Answer = { readonly opened: OpenedRun; readonly alive: boolean; readonly sentence: string };

/** `cloister pause [RUN]`. */
export const pause: CommandHandler<JsonOption> = async ({ args: [wanted], options }, terminal) => {
  const opened = await openRun(terminal, wanted);
  const alive = isAtWork(opened);
  if (alive) send(opened, { type: "pause" }, terminal);
  const sentence = alive
    ? "pauses after the iteration under way. Let it go on with: cloister resume"
    : "is not at work";
  return tell(terminal, options, { opened, alive, sentence });
};

/** `cloister stop [RUN] [--now]`. */
export const stop: CommandHandler<StopOptions> = async ({ args: [wanted], options }, terminal) => {
  const opened = await openRun(terminal, wanted);
  if (options.now === true) {
    const sentence = await endAtOnce(opened);
    return tell(terminal, options, { opened, alive: false, sentence });
  }
  const alive = isAtWork(opened);
  // A control for a run that is not at work would wait, and stop its next resume.
  if (alive) send(opened, { type: "stop" }, terminal);
  const sentence = alive ? "stops; its work is kept. Go on with: cloister resume" : "is not at work";
  return tell(terminal, options, { opened, alive, sentence });
};

/** `cloister steer TEXT… [--run RUN]`. */
export const steer: CommandHandler<SteerOptions> = async ({ args, options }, terminal) => {
  const opened = await openRun(terminal, options.run);
  send(opened, { type: "steer", text: args.join(" ") }, terminal);
  const alive = isAtWork(opened);
  const sentence = alive
    ? "gets the remark with its next prompt"
    : "is not at work; it gets the remark when it is resumed";
  return tell(terminal, options, { opened, alive, sentence });
};

function send({ paths }: OpenedRun, control: Control, { now }: Terminal): void {
  sendControl(paths.inbox, control, now());
}

function isAtWork({ paths }: OpenedRun): boolean {
  return lockHolder(paths.lock) !== undefined;
}

function tell(terminal: Terminal, { json }: JsonOption, { opened, alive, sentence }: Answer): number {
  if (json === true) printJson(terminal, { run: opened.run, alive, message: sentence });
  else terminal.print(`Run ${opened.run} ${sentence}.`);
  return 0;
}
