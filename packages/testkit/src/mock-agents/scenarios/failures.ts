import type { ScenarioSource } from "../scenario-schema.ts";
import { CLAIM, DO_THE_TASK, SPEND } from "./sample-work.ts";

/** How agents fail. */
export const FAILURE_SCENARIOS: Readonly<Record<string, ScenarioSource>> = {
  crashes: {
    description: "Always fails: a stack trace, then exit status 1.",
    steps: [SPEND, { type: "fail", failure: "crash" }],
  },
  crashes_then_works: {
    description: "Crashes at the first call; does the task at the second.",
    calls: [[{ type: "fail", failure: "crash" }], [...DO_THE_TASK, CLAIM]],
  },
  killed_by_signal: { description: "Is ended by SIGKILL.", steps: [{ type: "signal", signal: "SIGKILL" }] },
  auth_failed: { description: "Is not logged in.", steps: [{ type: "fail", failure: "auth" }] },
  rate_limited: {
    description: "Has hit a limit that lifts in an hour.",
    steps: [{ type: "fail", failure: "rate_limit", resetInSeconds: 3600 }],
  },
  rate_limited_then_works: {
    description: "Has hit a limit that lifts in two seconds; does the task at the second call.",
    calls: [[{ type: "fail", failure: "rate_limit", resetInSeconds: 2 }], [...DO_THE_TASK, CLAIM]],
  },
  overloaded: { description: "The provider is overloaded.", steps: [{ type: "fail", failure: "overloaded" }] },
  network_down: { description: "The provider cannot be reached.", steps: [{ type: "fail", failure: "network" }] },
  budget_spent: { description: "The provider's credit is used up.", steps: [{ type: "fail", failure: "budget" }] },
  context_overflow: {
    description: "The prompt is longer than the model takes.",
    steps: [{ type: "fail", failure: "context_overflow" }],
  },
  retries_then_works: {
    description: "Waits for the provider by itself, then does the task.",
    steps: [{ type: "retry", failure: "rate_limit", delayMs: 100 }, { type: "sleep", ms: 100 }, ...DO_THE_TASK, CLAIM],
  },
  expensive: {
    description: "Spends five dollars and a million tokens a call, and finishes nothing: runs into a cap.",
    steps: [
      { type: "shell", command: "date +%s%N >> NOTES.md" },
      { type: "usage", tokens: { input: 900_000, output: 100_000 }, costUsd: 5 },
      { type: "message", text: "I need more time." },
    ],
  },
  claim_then_bad_exit: {
    description: "Does the task and claims it, but exits with status 3.",
    steps: [...DO_THE_TASK, CLAIM, { type: "finish" }, { type: "exit", code: 3 }],
  },
};
