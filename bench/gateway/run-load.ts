import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Contender } from "./contenders.ts";
import type { LoadPlan, LoadResult } from "./load-plan.ts";
import { processorTime } from "./start-process.ts";

/** What a load found out, and what it cost the contender. */
export type RanLoad = LoadResult & {
  readonly requestsPerSecond: number;
  /** ms of a request. Unlike all others, this figure hardly depends on who else is at work on the machine. */
  readonly processorMs: number;
};

const PROGRAM = join(import.meta.dirname, "make-load.ts");
const MAX_OUTPUT = 64 * 1024 * 1024;

let loads = 0;

/** Sends a load to a contender, from a process of its own. */
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
    processorMs: (processorTime(pid) - before) / (load.warmUp + load.requests),
  };
}
