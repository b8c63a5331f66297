/** Why a run ended, each with the exit code of the process (I7). Runs that did not end `done` can be resumed. */
export const EXIT_CODES = {
  /** Every task is done, with evidence. */
  done: 0,
  internal_error: 1,
  iteration_limit: 3,
  time_limit: 4,
  budget_exhausted: 5,
  /** No progress: nothing changes, or the same failure or change comes back. */
  stalled: 6,
  /** The agent fails for a reason that trying again does not mend. */
  agent_failing: 6,
  /** The agent failed too often in a row, and again after a pause. */
  circuit_open: 6,
  /** Work was claimed and there is no gate that could prove it. */
  unverified: 7,
  /** Work was claimed and a gate could not give a verdict. */
  inconclusive: 7,
  /** What is left waits for a task that can't be done. */
  blocked: 7,
  agent_unavailable: 8,
  /** The machine could not be made, or was stopped by its limits, and trying again did not mend it. */
  machine_failed: 9,
  /** Stopped by a person: interrupt (Ctrl-C) or `cloister stop`. */
  interrupted: 130,
  terminated: 143,
} as const;

export type EndReason = keyof typeof EXIT_CODES;

/** Exit codes of commands that never came to a run. */
export const USAGE_EXIT_CODE = 2;

const SENTENCES: Readonly<Record<EndReason, string>> = {
  done: "Every task is done, with evidence.",
  internal_error: "Cloister itself failed; this is a defect. Resume goes on from the last recorded event.",
  iteration_limit: "The limit on iterations was reached before every task was done.",
  time_limit: "The limit on running time was reached before every task was done.",
  budget_exhausted: "The budget was spent before every task was done.",
  stalled: "The loop made no more progress.",
  agent_failing: "The agent fails in a way that trying again does not mend.",
  circuit_open: "The agent failed several times in a row, and again after a pause.",
  unverified: "Work was claimed, and no gate could prove it. A person must look.",
  inconclusive: "Work was claimed, and a gate could not give a verdict. A person must look.",
  blocked: "What is left waits for a task that could not be done. A person must look.",
  agent_unavailable: "The agent could not be started.",
  machine_failed: "The machine could not be made, or was stopped by its limits.",
  interrupted: "The run was interrupted.",
  terminated: "The run was terminated.",
};

/** The reason as a sentence for people. */
export function describeEndReason(reason: EndReason): string {
  return SENTENCES[reason];
}
