import type { ScenarioSource } from "../scenario-schema.ts";
import { CLAIM, DO_THE_TASK } from "./sample-work.ts";

/** What agents print that is hard to read. */
export const OUTPUT_SCENARIOS: Readonly<Record<string, ScenarioSource>> = {
  prints_nothing: { description: "Prints nothing, and exits with status 0.", silent: true, steps: [] },
  reads_stdin: {
    description: "Reads standard input to its end before it works: hangs where nobody closes it.",
    steps: [{ type: "echo_stdin" }, ...DO_THE_TASK, CLAIM],
  },
  invalid_utf8: {
    description: "Prints bytes that are no UTF-8 on a line of their own, then does the task.",
    steps: [{ type: "print", text: "/v+AwK8K", encoding: "base64" }, ...DO_THE_TASK, CLAIM],
  },
  long_line: {
    description: "Prints a line of 50 MiB, then does the task.",
    steps: [{ type: "long_line", megabytes: 50 }, ...DO_THE_TASK, CLAIM],
  },
  not_json: {
    description: "Prints a warning where events should be, then does the task.",
    steps: [{ type: "print", text: "(node:1) Warning: {not json\n" }, ...DO_THE_TASK, CLAIM],
  },
  truncated_last_line: {
    description: "Does the task, then dies in the middle of a line.",
    steps: [...DO_THE_TASK, { type: "print", text: '{"type":"resu' }, { type: "exit", code: 1 }],
  },
  chatty_stderr: {
    description: "Prints on standard error what looks like a rate limit, then does the task.",
    steps: [{ type: "print", text: "debug: 429 rate limit test\n", to: "stderr" }, ...DO_THE_TASK, CLAIM],
  },
};
