import type { EndReason, GateSpec, RunId, RunLimits, RunState, StampedEvent, TokenUsage } from "@cloister/core";
import type { Config } from "../config/config.ts";

/** Called with each event once it is in the journal, in order. Contract: must not throw, must return quickly. */
export type OnEvent = (event: StampedEvent, position: number) => void;

/** How a person stops a run: the first signal is graceful, within 5 s nothing of it lives. */
export type StopReason = "interrupted" | "terminated";

/** What every run needs from its surroundings. */
export type RunContext = {
  /** Any folder of the repository. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: Config;
  readonly onEvent?: OnEvent;
  /** Lines for people about what happens before the first event: what is detected, installed, waited for. */
  readonly notify?: (line: string) => void;
  /** Aborted with a {@link StopReason} as its reason. */
  readonly signal?: AbortSignal;
};

/** A new run. */
export type RunRequest = RunContext & {
  readonly plan: { readonly file: string } | { readonly prompt: string };
  /** Gates of the command line: added to the plan's, and before them where names are equal. */
  readonly gates: readonly GateSpec[];
};

/** A run to go on with. */
export type ResumeRequest = RunContext & {
  /** Undefined: the last run that did not end with every task done. */
  readonly run?: RunId;
  /** Called once with the run as its journal has it, before anything is done. */
  readonly onState?: (state: RunState) => void;
  /** Replaces limits of the run. */
  readonly limits: RunLimits;
};

/** How a run ended. The last line of `--json` output. */
export type RunSummary = {
  readonly type: "run_ended";
  readonly run: RunId;
  readonly reason: EndReason;
  readonly detail?: string;
  readonly exitCode: number;
  readonly tasks: { readonly total: number; readonly done: number; readonly blocked: number };
  readonly iterations: number;
  /** US dollars. */
  readonly cost: number;
  /** False where an iteration's cost could not be had: `cost` is then too low. */
  readonly costComplete: boolean;
  /** All tokens together. */
  readonly tokens: number;
  readonly usage: TokenUsage;
  readonly runtimeMs: number;
  readonly branch: string;
  readonly workspace: string;
  /** The command that brings the work into the user's checkout. Undefined where there is nothing to take over. */
  readonly takeOver?: string;
  readonly report?: string;
};
