import type { ProcessName } from "@cloister/core";
import { processTable } from "../../process/process-table.ts";

/** This process, as the registry notes who is at a machine. */
export function thisProcess(): ProcessName {
  return { pid: process.pid, start: processTable.find(process.pid)?.start ?? "" };
}

/** Tells whether that very process lives, and not another that was given its number. */
export function isSameProcess({ pid, start }: ProcessName): boolean {
  return processTable.find(pid)?.start === start;
}
