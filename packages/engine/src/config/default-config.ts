import {
  DEFAULT_GUARD_POLICY,
  DEFAULT_LOOP_POLICY,
  DEFAULT_MACHINE_LIMITS,
  DEFAULT_PHASES,
  DEFAULT_PROMPT_BUDGET,
  type RetryRule,
} from "@cloister/core";
import { DEFAULT_GATEWAY_POLICY } from "../gateway/policy.ts";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** Milliseconds as a plan or configuration would write them: `90s`, `15m`. */
export function toDurationText(milliseconds: number): string {
  const unit = UNITS.find(([, size]) => milliseconds >= size && milliseconds % size === 0);
  return unit === undefined ? `${milliseconds}ms` : `${milliseconds / unit[1]}${unit[0]}`;
}

/** The defaults, as `cloister.yaml` would write them. What is not here has none. */
export function defaultConfig(): Readonly<Record<string, unknown>> {
  const { retry, breaker, stall } = DEFAULT_LOOP_POLICY;
  const { budgets, ...gateway } = DEFAULT_GATEWAY_POLICY;
  return {
    agent: "auto",
    protect: [],
    guards: DEFAULT_GUARD_POLICY,
    phases: DEFAULT_PHASES,
    limits: { maxIterations: 50, iterationTimeout: "1h", idleTimeout: "15m" },
    retry: {
      crash: writeRule(retry.crash),
      overloaded: writeRule(retry.overloaded),
      rateLimit: writeRule(retry.rate_limit),
      network: writeRule(retry.network),
    },
    breaker: { failures: breaker.failures, coolDown: toDurationText(breaker.coolDownMs), opens: breaker.opens },
    stall,
    carry: [
      { path: ".env*", how: "copy" },
      { path: "node_modules", how: "rebuild" },
    ],
    inPlace: false,
    branchPrefix: "cloister/",
    prompt: {
      learningsBytes: DEFAULT_PROMPT_BUDGET.learnings,
      diffBytes: DEFAULT_PROMPT_BUDGET.diff,
      failureBytes: DEFAULT_PROMPT_BUDGET.failure,
      extra: "",
    },
    gateway: { ...gateway, budgets: { warnAt: budgets.warnAt } },
    machine: {
      driver: "host",
      ...DEFAULT_MACHINE_LIMITS,
      allowHosts: [],
      secrets: [],
      mounts: [],
      copyCredentials: false,
    },
  };
}

function writeRule({ attempts, delayMs, maxDelayMs }: RetryRule): Readonly<Record<string, unknown>> {
  return { attempts, delay: toDurationText(delayMs), maxDelay: toDurationText(maxDelayMs) };
}
