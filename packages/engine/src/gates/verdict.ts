import type { InconclusiveReason, TestResults, Verdict } from "@cloister/core";
import { executedTests } from "@cloister/core";
import type { ProcessExit } from "../process/port.ts";

/** What an execution of a gate says, and why where it says nothing. */
export type GateVerdict = { readonly verdict: Verdict; readonly inconclusive?: InconclusiveReason };

const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** Make hides the status of a command that is not there behind its own. */
const MAKE_NOT_FOUND = /^g?make(?:\[\d+\])?: \*\*\* .{0,200}Error 127$/m;

/** Decides a verdict (I2): what could not run is inconclusive, and an exit status of 0 does not hide tests that failed. */
export function toVerdict(exit: ProcessExit, tests: TestResults | undefined, output: string): GateVerdict {
  const inconclusive = whyInconclusive(exit, tests, output);
  if (inconclusive !== undefined) return { verdict: "inconclusive", inconclusive };
  return { verdict: exit.code === 0 && (tests?.failed ?? 0) === 0 ? "passed" : "failed" };
}

function whyInconclusive(
  exit: ProcessExit,
  tests: TestResults | undefined,
  output: string,
): InconclusiveReason | undefined {
  if (exit.cause === "spawn_failed") return "spawn_failed";
  if (exit.cause === "timeout" || exit.cause === "idle") return "timeout";
  if (exit.cause !== "exited" || exit.code === null) return "killed";
  if (exit.code === NOT_FOUND || (exit.code !== 0 && MAKE_NOT_FOUND.test(output))) return "command_not_found";
  if (exit.code === NOT_EXECUTABLE) return "not_executable";
  return tests !== undefined && executedTests(tests) === 0 ? "zero_tests" : undefined;
}
