import type { FailureClass } from "../agent/agent-event.ts";

/** Why an iteration's agent did not come to a proper end. */
export type IterationFailure = FailureClass | "timeout" | "idle" | "unavailable" | "iteration_budget";

/** How often to try again after one class of failure, and how long to wait: `delayMs`, doubled each time up to `maxDelayMs`. */
export type RetryRule = { readonly attempts: number; readonly delayMs: number; readonly maxDelayMs: number };

/** How the loop reacts to failures and to standing still. */
export type LoopPolicy = {
  /** Attempts are counted per unbroken row of failures. */
  readonly retry: Readonly<Record<IterationFailure, RetryRule>>;
  /** Opens after `failures` agent failures in a row; half open after `coolDownMs`; the run ends when it opens for the `opens`-th time. */
  readonly breaker: { readonly failures: number; readonly coolDownMs: number; readonly opens: number };
  readonly stall: {
    /** Iterations in a row that change nothing. */
    readonly unchanged: number;
    /** Iterations in a row that are sent back for the same reason. */
    readonly sameFailure: number;
    /** Times that the very same change is made to one task. */
    readonly sameDiff: number;
    /** Red iterations in a row after which the workspace goes back to the last green checkpoint; 0: never. */
    readonly rollBackAfter: number;
  };
  /** Claims in a row that meet an inconclusive gate before the task is left to a person. */
  readonly inconclusiveClaims: number;
};

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const NEVER: RetryRule = { attempts: 0, delayMs: 0, maxDelayMs: 0 };

export const DEFAULT_LOOP_POLICY: LoopPolicy = {
  retry: {
    rate_limit: { attempts: 50, delayMs: 30 * SECOND, maxDelayMs: 30 * MINUTE },
    overloaded: { attempts: 20, delayMs: 5 * SECOND, maxDelayMs: 10 * MINUTE },
    network: { attempts: 20, delayMs: 5 * SECOND, maxDelayMs: 10 * MINUTE },
    auth: NEVER,
    budget: NEVER,
    // The next iteration has a budget of its own, and begins where this one stopped.
    iteration_budget: { attempts: 20, delayMs: 0, maxDelayMs: 0 },
    unavailable: NEVER,
    context_overflow: { attempts: 5, delayMs: 0, maxDelayMs: 0 },
    crash: { attempts: 20, delayMs: SECOND / 2, maxDelayMs: MINUTE },
    timeout: { attempts: 20, delayMs: 0, maxDelayMs: 0 },
    idle: { attempts: 20, delayMs: 0, maxDelayMs: 0 },
  },
  breaker: { failures: 3, coolDownMs: 5 * SECOND, opens: 2 },
  stall: { unchanged: 3, sameFailure: 6, sameDiff: 3, rollBackAfter: 4 },
  inconclusiveClaims: 2,
};

/** Failures that come from outside and pass by themselves: waited for, and no mark against the agent. */
export function isPassing(failure: IterationFailure): boolean {
  return ["rate_limit", "overloaded", "network", "iteration_budget"].includes(failure);
}

/** How long to wait before attempt `attempt` (from 1) after a failure, in ms. */
export function retryDelay(rule: RetryRule, attempt: number): number {
  return Math.min(rule.delayMs * 2 ** Math.min(attempt - 1, 30), rule.maxDelayMs);
}
