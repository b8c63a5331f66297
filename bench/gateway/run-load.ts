import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import type { Contender } from "./contenders.ts";
import type { LoadPlan, LoadResult } from "./load-plan.ts";
import { processorTime } from "./start-process.ts";

/** What a load found out, and what it cost the contender. */
export type RanLoad = LoadResult & {
  readonly requestsPerSecond: number;
  /**
   * ms of a request, with what the contender does after the last answer: transcripts are written behind the data path. Unlike all others,
   * this figure hardly depends on who else is at work on the machine.
   */
  readonly processorMs: number;
};

const PROGRAM = join(import.meta.dirname, "make-load.ts");
const MAX_OUTPUT = 64 * 1024 * 1024;

let loads = 0;

/** A contender that uses less than a tick of processor time in so many ms has nothing left to do. */
const IDLE_MS = 200;

/** Sends a load to a contender, from a process of its own. Resolves when the contender is idle again. */
export async function runLoad(
  { origin, headers, pid }: Contender,
  load: Pick<LoadPlan, "kind" | "connections" | "warmUp" | "requests">,
): Promise<RanLoad> {
  const plan: LoadPlan = { ...load, origin, headers, number: loads++ };
  const before = processorTime(pid);
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, JSON.stringify(plan)], {
    maxBuffer: MAX_OUTPUT,
  });
  const result = JSON.parse(stdout) as LoadResult;
  return {
    ...result,
    requestsPerSecond: load.requests / result.seconds,
    processorMs: ((await untilIdle(pid)) - before) / (load.warmUp + load.requests),
  };
}

/** @returns the processor time that a process has used, in ms, once it uses no more. */
async function untilIdle(pid: number): Promise<number> {
  for (let before = Number.NaN, now = processorTime(pid); ; before = now, now = processorTime(pid)) {
    if (now === before) return now;
    await setTimeout(IDLE_MS);
  }
}
