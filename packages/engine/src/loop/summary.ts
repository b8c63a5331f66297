import { EXIT_CODES, runtimeMs, toUsd, totalTokens, type RunState } from "@cloister/core";
import { quoteWord } from "./quote-word.ts";
import type { RunSummary } from "./port.ts";

/**
 * Sums up a run that has ended.
 * @param report path of its report, where one was written.
 */
export function summarise(state: RunState, report?: string): RunSummary {
  const { charter, ended, tasks, iterations, cost, usage, unpricedIterations } = state;
  const reason = ended?.reason ?? "internal_error";
  const count = (status: string): number => tasks.filter((task) => task.status === status).length;
  const takeOver = describeTakeOver(state);
  return {
    type: "run_ended",
    run: charter.run,
    reason,
    ...(ended?.detail === undefined ? {} : { detail: ended.detail }),
    exitCode: EXIT_CODES[reason],
    tasks: { total: tasks.length, done: count("done"), blocked: count("blocked") },
    iterations,
    cost: toUsd(cost),
    costComplete: unpricedIterations === 0,
    tokens: totalTokens(usage),
    usage,
    runtimeMs: runtimeMs(state, state.lastEventAt),
    branch: charter.branch,
    workspace: charter.workspace,
    ...(takeOver === undefined ? {} : { takeOver }),
    ...(report === undefined ? {} : { report }),
  };
}

/** The one command that brings the work into the user's checkout. */
function describeTakeOver({ charter, head }: RunState): string | undefined {
  if (charter.inPlace || head === charter.baseCommit) return undefined;
  return `git -C ${quoteWord(charter.repository)} merge ${quoteWord(charter.branch)}`;
}
