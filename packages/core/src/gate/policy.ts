import type { GuardPolicy } from "../plan/plan.ts";
import type { Finding } from "./finding.ts";

/** What is done about findings where the plan says nothing: strict. What is not the agent's doing only warns. */
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
  gate_vacuous: "warn",
  plan_changed: "warn",
  history_rewritten: "block",
  secret_added: "block",
};

/** The findings that stop a task from being done under `policy`. */
export function blocking(findings: readonly Finding[], policy: GuardPolicy): Finding[] {
  return findings.filter((finding) => policy[finding.name] === "block");
}
