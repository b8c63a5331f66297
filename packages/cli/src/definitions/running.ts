/** Commands that run the loop. */
import { AGENT_NAMES, type AgentName, type EgressRule, type GateSpec } from "@cloister/core";
import { type AnyCommand, defineCommand } from "../program/command-definition.ts";
import { choice, flag, gates, hosts, integer, machine, type MachineWish, text } from "../program/option-values.ts";
import { type JsonOption, LIMIT_OPTIONS, type LimitOptions, RUN_ARGUMENT } from "./shared-options.ts";

/** What `--agent` takes: `auto` is whichever is installed and logged in, `q` the older name of `kiro`. */
type AgentChoice = "auto" | "q" | AgentName;
const AGENT_CHOICES: readonly AgentChoice[] = ["auto", ...AGENT_NAMES, "q"];

/** Options of `cloister run`. */
export type RunOptions = LimitOptions &
  JsonOption & {
    readonly prompt?: string;
    readonly agent?: AgentChoice;
    readonly agentCommand?: string;
    readonly model?: string;
    readonly gate?: readonly GateSpec[];
    readonly inPlace?: boolean;
    readonly dryRun?: boolean;
    readonly machine?: MachineWish;
    readonly perMachine?: number;
    readonly allowHost?: readonly EgressRule[];
    readonly copyCredentials?: boolean;
  };

/** Options of `cloister resume`. */
export type ResumeOptions = LimitOptions & JsonOption;

const EXIT_CODES_TEXT =
  "Exit codes: 0 every task done, with evidence; 1 internal error; 2 usage or plan error; 3 iteration limit; 4 time limit; " +
  "5 budget spent; 6 stalled, agent failing or circuit open; 7 a person is needed; 8 no usable agent or machine; 9 the machine failed; 130 interrupted; 143 terminated.";

/** `cloister run`. */
export const RUN: AnyCommand = defineCommand<RunOptions>({
  name: "run",
  summary: "loop an agent over a plan until gates prove each task done",
  description:
    "Loops an agent over the tasks of a plan, with a fresh context each time, until gates that Cloister runs itself prove each task done. " +
    "The work happens on a branch in a worktree of its own; the end says where it is and how to take it over.\n\n" +
    EXIT_CODES_TEXT,
  args: [
    {
      name: "plan",
      help: "the plan's file (default: plan.md, PLAN.md, IMPLEMENTATION_PLAN.md, fix_plan.md or prd.json)",
      completes: "files",
    },
  ],
  options: {
    prompt: text("text", "a task in words, instead of a plan", { short: "p" }),
    agent: choice("name", AGENT_CHOICES, "the agent to run"),
    agentCommand: text("command", "command line that starts the agent, instead of its usual program"),
    model: text("name", "the model that the agent uses"),
    gate: gates("a check that must pass, besides the plan's; may be given several times"),
    ...LIMIT_OPTIONS,
    machine: machine("run agents and gates in a machine of this kind, apart from this host"),
    perMachine: integer(
      "number",
      "let so many runs of this machine, image and policy share one: they see each other",
      1,
    ),
    allowHost: hosts("let the machine reach this host and port, besides the model gateway; may be given several times"),
    copyCredentials: flag("copy your agents' login files into the machine: whoever breaks the agent has them then"),
    inPlace: flag("work in this checkout, on its current branch, instead of a worktree"),
    dryRun: flag("show plan, gates, agent and limits, and stop"),
    json: flag("print every event as a line of JSON, the run's end last"),
  },
  examples: [
    ["run plan.md --agent claude --max-cost 5", "work off a plan, and spend five dollars at most"],
    ["run -p 'Make the tests pass on Windows' --gate 'tests=npm test'", "one task in words, proven by the tests"],
    ["run plan.md --machine sandbox", "keep the agent from your files, your keys and the network"],
    ["run plan.md --dry-run", "see what would run, and run nothing"],
  ],
  load: async () => (await import("../commands/run.ts")).run,
});

/** `cloister resume`. */
export const RESUME: AnyCommand = defineCommand<ResumeOptions>({
  name: "resume",
  summary: "go on with a run that ended, died or is paused",
  description:
    "Goes on with a run from its last recorded event. A run that is paused and lives is let go on where it is. " +
    "Limits given here replace those of the run.\n\n" +
    EXIT_CODES_TEXT,
  args: [{ ...RUN_ARGUMENT, help: "id of the run, or the start of it (default: the last run that is not done)" }],
  options: { ...LIMIT_OPTIONS, json: flag("print every event as a line of JSON, the run's end last") },
  examples: [["resume --max-cost 10", "raise the budget and go on"]],
  load: async () => (await import("../commands/resume.ts")).resume,
});
