import type { ScenarioSource } from "../scenario-schema.ts";
import { CLAIM, DO_THE_TASK } from "./sample-work.ts";

/** How agents' processes misbehave. What they leave behind ends by itself after a minute. */
export const PROCESS_SCENARIOS: Readonly<Record<string, ScenarioSource>> = {
  result_then_hang: {
    description: "Does the task, says its last word, and never exits.",
    steps: [...DO_THE_TASK, CLAIM, { type: "finish" }, { type: "hang" }],
  },
  grandchild_holds_stdout: {
    description: "Does the task and exits; a child lives on and holds standard output open.",
    steps: [...DO_THE_TASK, { type: "grandchild" }, CLAIM],
  },
  setsid_escapee: {
    description: "Does the task and exits; a child in a session of its own lives on, and ignores TERM.",
    steps: [...DO_THE_TASK, { type: "escapee" }, CLAIM],
  },
  unmarked_escapee: {
    description: "As setsid_escapee, but the child has lost its environment too.",
    steps: [...DO_THE_TASK, { type: "escapee", clearEnvironment: true }, CLAIM],
  },
  hang_with_escapee: {
    description: "Leaves an escapee and a grandchild behind, ignores TERM, and hangs.",
    steps: [{ type: "ignore_signals" }, { type: "escapee" }, { type: "grandchild" }, { type: "hang" }],
  },
  ignores_term: {
    description: "Ignores TERM, INT and HUP, and hangs.",
    steps: [{ type: "ignore_signals" }, { type: "message", text: "I will not stop." }, { type: "hang" }],
  },
  hangs_silently: { description: "Prints nothing and never exits.", silent: true, steps: [{ type: "hang" }] },
  slow_work: {
    description: "Does the task, and takes three seconds over it: time to stop or kill it.",
    steps: [{ type: "message", text: "This takes a while." }, { type: "sleep", ms: 3000 }, ...DO_THE_TASK, CLAIM],
  },
};
