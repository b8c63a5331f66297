/** The host's own speed, from time to time: what is measured while it changes can't be compared. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { percentile } from "../measurement.ts";
import { compileProgram } from "./workloads.ts";

/** Of each look the median counts: one run that was disturbed says little of the minutes around it. */
const RUNS = 5;

/** Looks at the host's speed. */
export type NativeLoop = {
  /** To be called before and after each machine. */
  readonly look: () => void;
  /** How much slower than the fastest of all runs the slowest look was: 1 where nothing changed and nobody else was at work. */
  readonly spread: () => number;
  /** The fastest run, in s. */
  readonly seconds: () => number;
};

/** Compiles a workload for the host: the same work at every look. */
export function openNativeLoop(folder: string): NativeLoop {
  const program = join(folder, "native-loop");
  compileProgram("recursion", "host", program);
  const looks: number[][] = [];
  const seconds = (): number => Math.min(...looks.flat());
  return {
    look: () => void looks.push(Array.from({ length: RUNS }, () => timeProgram(program))),
    spread: () => Math.max(...looks.map((runs) => percentile(runs, 0.5))) / seconds(),
    seconds,
  };
}

function timeProgram(program: string): number {
  const startedAt = performance.now();
  execFileSync(program);
  return (performance.now() - startedAt) / 1000;
}
