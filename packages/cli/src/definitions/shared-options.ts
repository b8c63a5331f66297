/** Options and arguments that several commands share. */
import type { MicroUsd, RunLimits } from "@cloister/core";
import type { ArgumentDefinition, CommandDefinition, OptionDefinition } from "../program/command-definition.ts";
import { duration, flag, integer, money } from "../program/option-values.ts";

/** Bounds of a run, as the command line gives them. Times are in milliseconds. */
export type LimitOptions = {
  readonly maxIterations?: number;
  readonly maxCost?: MicroUsd;
  readonly maxTokens?: number;
  readonly maxRuntime?: number;
  readonly iterationTimeout?: number;
  readonly idleTimeout?: number;
};

/** The options of {@link LimitOptions}. */
export const LIMIT_OPTIONS: CommandDefinition<LimitOptions>["options"] = {
  maxIterations: integer("n", "end the run after this many iterations", 1),
  maxCost: money("end the run when it has cost this many US dollars"),
  maxTokens: integer("n", "end the run when it has used this many tokens, cached ones included", 1),
  maxRuntime: duration("end the run after this long"),
  iterationTimeout: duration("stop an iteration after this long"),
  idleTimeout: duration("stop an agent that prints nothing for this long"),
};

/** The limits that the options name; those left out are left out. */
export function toRunLimits(options: LimitOptions): RunLimits {
  const { maxIterations, maxCost, maxTokens, maxRuntime, iterationTimeout, idleTimeout } = options;
  return {
    ...(maxIterations === undefined ? {} : { maxIterations }),
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(maxRuntime === undefined ? {} : { maxRuntimeMs: maxRuntime }),
    ...(iterationTimeout === undefined ? {} : { iterationTimeoutMs: iterationTimeout }),
    ...(idleTimeout === undefined ? {} : { idleTimeoutMs: idleTimeout }),
  };
}

/** Options of commands that can print for programs. */
export type JsonOption = { readonly json?: boolean };

/** `--json`. */
export const JSON_OPTION: OptionDefinition<boolean> = flag("print JSON instead of text for people");

/** `[run]`: the newest run where it is left out. */
export const RUN_ARGUMENT: ArgumentDefinition = {
  name: "run",
  help: "id of the run, or the start of it (default: the newest run)",
  completes: "runs",
};
