import { startProcess } from "../../process/index.ts";
import { findProgram } from "../../agents/probe-program.ts";
import type { RunMachine } from "./port.ts";

/** The host itself: processes work on its files, with `env`, as the user. */
export function createHostRunMachine(env: Readonly<Record<string, string>>): RunMachine {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    startProcess,
    env,
    asRoot: process.getuid?.() === 0,
    isApart: false,
    bringIn: nothing,
    bringOut: nothing,
    makeFolder: nothing,
    fetch: nothing,
    hasProgram: (file) => Promise.resolve(findProgram(file, env) !== undefined),
    [Symbol.asyncDispose]: nothing,
  };
}
