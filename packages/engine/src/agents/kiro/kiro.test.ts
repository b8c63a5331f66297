import assert from "node:assert/strict";
import { test } from "node:test";
import { testConformance, toRequest } from "../conformance/index.ts";
import { kiroAgent } from "./index.ts";

testConformance(kiroAgent, {
  // Written by hand after its documentation: the program is not on the npm registry, and does nothing without a login.
  fixtures: new URL("./__fixtures__/", import.meta.url),
  recordings: {
    completes: {
      messages: [
        "> I will write the file.\n\nUsing tool: fs_write (trusted)\n + 1: hello\n\n> Done: the file is written.\nTASK_COMPLETE",
      ],
      tools: [],
      finished: true,
    },
  },
});

const PROMPTS: readonly { readonly name: string; readonly prompt: string; readonly isArgument: boolean }[] = [
  { name: "a prompt is its last argument", prompt: "Do it.", isArgument: true },
  { name: "a prompt that is too long for an argument is pointed at", prompt: "ä".repeat(60_000), isArgument: false },
  { name: "a prompt that looks like an option is pointed at", prompt: "--help me", isArgument: false },
  { name: "a prompt with a NUL is pointed at", prompt: "a\0b", isArgument: false },
];

for (const { name, prompt, isArgument } of PROMPTS) {
  test(name, () => {
    const request = toRequest({ prompt });
    const last = kiroAgent.launch(request).args.at(-1);
    assert.equal(last === prompt, isArgument);
    assert.equal(last?.includes(request.promptFile), !isArgument);
  });
}

test("Amazon Q is started the same way", () => {
  const { file, args } = kiroAgent.launch(toRequest({ command: "q", prompt: "Do it." }));
  assert.deepEqual([file, ...args], ["q", "chat", "--no-interactive", "--trust-all-tools", "Do it."]);
});
