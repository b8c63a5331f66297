import type { GuardPolicy, Phase } from "./plan.ts";

/** The phases of a task that names none. */
export const DEFAULT_PHASES: readonly Phase[] = ["implement"];

/**
 * What findings do where the plan says nothing. Strict: what makes work look done without being it blocks.
 * `warn` is for what Cloister has already undone (`plan_changed`) and for what says more of the tests than of the change (`test_flaky`).
 */
export const DEFAULT_GUARD_POLICY: GuardPolicy = {
  protected_path_changed: "block",
  gate_config_changed: "block",
  exit_forced: "block",
  tests_removed: "block",
  tests_skipped: "block",
  fewer_tests: "block",
  tests_weakened: "block",
  tests_not_witnessed: "block",
  test_flaky: "warn",
  gate_vacuous: "block",
  plan_changed: "warn",
  history_rewritten: "block",
  secret_added: "block",
};
