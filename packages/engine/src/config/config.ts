import type { AgentName, GateSpec, GuardPolicy, LoopPolicy, Phase, RetryRule, RunLimits } from "@cloister/core";
import { DEFAULT_LOOP_POLICY } from "@cloister/core";
import type { GatewayPolicy } from "../gateway/policy.ts";
import type { MachineSettings } from "./machine-fields.ts";
import type { CarryRule } from "../workspace/carry.ts";

/** Failures that come and go, whose retries the configuration sets. */
export type RetriedFailure = "crash" | "overloaded" | "rate_limit" | "network";

/** The effective configuration. What is undefined has no default. */
export type Config = {
  /** `auto`: whichever agent is installed and logged in. */
  readonly agent: AgentName | "auto";
  readonly agentCommand?: string;
  readonly model?: string;
  /** Gates of plans that name none. Undefined: detected. */
  readonly gates: readonly GateSpec[] | undefined;
  /** Set-up of plans that name none. Undefined: detected. */
  readonly setup: readonly string[] | undefined;
  readonly protect: readonly string[];
  readonly guards: GuardPolicy;
  readonly phases: readonly Phase[];
  readonly limits: RunLimits;
  /** Those of `limits` that were given for this command alone, by flag or environment: they win over the plan's. */
  readonly flagLimits: RunLimits;
  readonly retry: Readonly<Record<RetriedFailure, RetryRule>>;
  readonly breaker: LoopPolicy["breaker"];
  readonly stall: LoopPolicy["stall"];
  /** What becomes of files that git ignores; the first rule that fits decides. */
  readonly carry: readonly CarryRule[];
  readonly inPlace: boolean;
  readonly branchPrefix: string;
  readonly prompt: {
    readonly learningsBytes: number;
    readonly diffBytes: number;
    readonly failureBytes: number;
    /** Text that every prompt begins with, after the rules. */
    readonly extra: string;
  };
  readonly gateway: GatewayPolicy;
  readonly machine: MachineSettings;
};

/** How the loop reacts to failures, as the configuration says; what it does not speak of stays as it is. */
export function toLoopPolicy({ retry, breaker, stall }: Config): LoopPolicy {
  return { ...DEFAULT_LOOP_POLICY, retry: { ...DEFAULT_LOOP_POLICY.retry, ...retry }, breaker, stall };
}
