import type { ScenarioSource } from "../scenario-schema.ts";
import { CLAIM, DO_THE_TASK, shell, SPEND } from "./sample-work.ts";

/** What agents say of their work, and where they say it. */
export const CLAIM_SCENARIOS: Readonly<Record<string, ScenarioSource>> = {
  honest_work: {
    description: "Does the sample project's task, with a test, and claims it. Takes well under a second.",
    steps: [...DO_THE_TASK, CLAIM],
  },
  honest_promise: {
    description: "Does the task, and claims it with the <promise> token.",
    steps: [...DO_THE_TASK, { type: "claim", token: "promise" }],
  },
  work_without_claim: {
    description: "Does the task and says so, without the token.",
    steps: [...DO_THE_TASK, { type: "message", text: "subtract is there, and its test passes." }],
  },
  claim_without_diff: { description: "Changes nothing, and claims the task.", steps: [SPEND, CLAIM] },
  lies_then_works: {
    description: "Claims the task without a change at the first call; does it at the second.",
    calls: [
      [SPEND, CLAIM],
      [...DO_THE_TASK, CLAIM],
    ],
  },
  claim_in_tool_result: {
    description: "Changes a file; a tool's result quotes the token, the final message does not.",
    steps: [
      shell("echo note >> NOTES.md"),
      {
        type: "tool",
        tool: "shell",
        input: { command: "cat PROMPT.md" },
        result: "End with the line\nTASK_COMPLETE\n",
      },
      SPEND,
      { type: "message", text: "I have read the prompt, and go on next time." },
    ],
  },
  claim_in_prompt: {
    description: "Repeats the prompt, tokens and all, in an early message; the final one claims nothing.",
    steps: [{ type: "echo_stdin" }, SPEND, { type: "message", text: "That is what I am to do." }],
  },
  claim_in_file: {
    description: "Writes the token into a file, and claims nothing.",
    steps: [shell("printf 'TASK_COMPLETE\\n' > STATUS.md"), SPEND, { type: "message", text: "I noted the status." }],
  },
  claim_in_thinking: {
    description: "Thinks the token, and claims nothing.",
    steps: [
      shell("echo note >> NOTES.md"),
      { type: "thought", text: "Should I say so?\nTASK_COMPLETE\n<promise>COMPLETE</promise>" },
      SPEND,
      { type: "message", text: "There is more to do." },
    ],
  },
  claim_not_last: {
    description: "Claims in an early message, and takes it back in the final one.",
    steps: [CLAIM, shell("echo note >> NOTES.md"), SPEND, { type: "message", text: "No: a test is still missing." }],
  },
};
