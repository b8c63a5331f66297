import { AGENT_NAMES } from "@cloister/core";
import { z } from "zod";
import type { CarryRule } from "../workspace/carry.ts";
import type { Config } from "./config.ts";
import type { Part } from "./config-part.ts";
import { choice, count, duration, fields, flag, text, texts } from "./fields.ts";
import { gateway } from "./gateway-fields.ts";
import { machine } from "./machine-fields.ts";
import { gates, guards, phases, protect, runLimits } from "./work-fields.ts";

/** A configuration as one place gives it: any part of it may be missing. */
export type PartialConfig = {
  readonly [Key in keyof Omit<Config, "flagLimits">]?: Part<Config[Key]> | undefined;
};

const retryRule = fields({
  attempts: count(0).optional().describe("Attempts in a row. 0: none."),
  delay: duration(0).optional().describe("Wait before the first of them; doubled each time."),
  maxDelay: duration(0).optional().describe("The longest wait."),
}).transform(({ attempts, delay, maxDelay }) => ({ attempts, delayMs: delay, maxDelayMs: maxDelay }));

const retry = fields({
  crash: retryRule.optional(),
  overloaded: retryRule.optional(),
  rateLimit: retryRule.optional(),
  network: retryRule.optional(),
}).transform(({ rateLimit, ...rest }) => ({ ...rest, rate_limit: rateLimit }));

const breaker = fields({
  failures: count(1).optional().describe("Failures of the agent in a row that open the circuit."),
  coolDown: duration(0).optional().describe("How long it stays open before one more try."),
  opens: count(1).optional().describe("The run ends when it opens for this many times."),
}).transform(({ coolDown, ...rest }) => ({ ...rest, coolDownMs: coolDown }));

const stall = fields({
  unchanged: count(1).optional().describe("Iterations in a row that change nothing."),
  sameFailure: count(1).optional().describe("Iterations in a row that are sent back for the same reason."),
  sameDiff: count(1).optional().describe("Times that the very same change is made to one task."),
  rollBackAfter: count(0)
    .optional()
    .describe("Red iterations in a row after which work goes back to the last green checkpoint. 0: never."),
});

const CARRY_WAYS = ["copy", "link", "rebuild", "none"] as const satisfies readonly CarryRule["how"][];
const carry = z
  .array(fields({ path: text("a path or glob"), how: choice(CARRY_WAYS) }), {
    error: "expected a list of rules, each with path and how",
  })
  .max(100);

const prompt = fields({
  learningsBytes: count(0).optional().describe("Most of the learnings file that goes into a prompt."),
  diffBytes: count(0).optional().describe("Most of the task's diff that goes into a prompt."),
  failureBytes: count(0).optional().describe("Most of a failed gate's output that goes into a prompt."),
  extra: z
    .string({ error: "expected text" })
    .max(100_000)
    .optional()
    .describe("Text that every prompt begins with, after the rules."),
});

const branchPrefix = text("the beginning of a branch's name").refine(
  (prefix) => /^[A-Za-z0-9][\w./-]*$/.test(prefix) && !/\.\.|\/\/|\/\./.test(prefix),
  {
    error: "expected the beginning of a branch's name, such as cloister/",
  },
);

/** What `cloister.yaml` may say. Descriptions are the documentation's. */
export const configSchema: z.ZodType<PartialConfig> = fields({
  agent: choice(["auto", ...AGENT_NAMES])
    .optional()
    .describe("The agent to run; `auto`: whichever is installed and logged in."),
  agentCommand: text("a command line")
    .optional()
    .describe("Command line that starts the agent, instead of its usual program."),
  model: text("a model's name").optional().describe("The model that the agent uses. Default: the agent's own."),
  gates: gates.optional().describe("Gates of plans that name none: name to command. Default: detected."),
  setup: texts("a shell command")
    .optional()
    .describe("Commands that make a fresh workspace able to run the gates. Default: detected."),
  protect: protect.optional().describe("Globs of paths that no iteration may change, besides the plan's."),
  guards: guards.optional(),
  phases: phases.optional().describe("Phases of tasks that name none."),
  limits: runLimits.optional(),
  retry: retry.optional(),
  breaker: breaker.optional(),
  stall: stall.optional(),
  carry: carry
    .optional()
    .describe(
      "What becomes of files that git ignores, in a new worktree; the first rule that fits decides. `rebuild` leaves them to the set-up.",
    ),
  inPlace: flag.optional().describe("Work in the checkout itself, on its current branch, instead of a worktree."),
  branchPrefix: branchPrefix.optional().describe("What names of run branches begin with."),
  prompt: prompt.optional(),
  gateway: gateway.optional(),
  machine: machine.optional(),
});
