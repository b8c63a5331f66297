import { createContext, Script } from "node:vm";

/**
 * Runs `work` with a time limit that also ends a regular expression which backtracks without end: the limit of a script
 * in a context of its own is kept by a watchdog thread, where a check between two steps would never be reached.
 * @returns false where the time ran out.
 */
export function runWithin(limitMs: number, work: () => void): boolean {
  try {
    new Script("work()").runInContext(createContext({ work }), { timeout: limitMs });
    return true;
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return false;
    throw error;
  }
}
