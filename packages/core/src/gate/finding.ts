/**
 * What Cloister looks for in a change, besides the gates' own verdicts: the ways in which work can look done without being it.
 * One name each, the same in plan, journal, report and log.
 */
export const FINDING_NAMES = [
  /** A file that the plan protects was changed. */
  "protected_path_changed",
  /** What decides how the gates run was changed: package scripts, runner configuration, CI files, a script that a gate calls. */
  "gate_config_changed",
  /** A changed script or configuration forces success: `|| true`, `exit 0`, `--passWithNoTests`. */
  "exit_forced",
  /** Tests that ran on the base are gone. */
  "tests_removed",
  /** Tests that ran on the base are skipped, or tests are focused so that others do not run. */
  "tests_skipped",
  /** Fewer tests were executed than on the base. */
  "fewer_tests",
  /** Assertions were taken out of existing tests, or replaced by ones that cannot fail. */
  "tests_weakened",
  /** New tests pass without the change too, or cannot fail at all: they prove nothing about it. */
  "tests_not_witnessed",
  /** A test failed and passed on the same tree. */
  "test_flaky",
  /** A gate's command cannot fail. */
  "gate_vacuous",
  /** The agent edited the plan's file; the edit was undone. */
  "plan_changed",
  /** The agent rewrote commits that were there before it, or left the run's branch; the branch was put back. */
  "history_rewritten",
  /** What looks like a credential was added. */
  "secret_added",
] as const;
/** The name of a finding. */
export type FindingName = (typeof FINDING_NAMES)[number];

/** One thing that was found, with what shows it. */
export type Finding = {
  readonly name: FindingName;
  /** One sentence that an agent and a person can act upon. */
  readonly message: string;
  /** Where, relative to the workspace. */
  readonly file?: string;
  /** Line in the new version of the file, from 1. */
  readonly line?: number;
};
