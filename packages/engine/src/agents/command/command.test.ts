import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { AgentEvent } from "@cloister/core";
import { type RunningProcess, startProcess } from "../../process/index.ts";
import { testConformance, toRequest } from "../conformance/index.ts";
import type { AgentIo } from "../port.ts";
import { commandAgent } from "./index.ts";

testConformance(commandAgent, {
  fixtures: new URL("./__fixtures__/", import.meta.url),
  recordings: {
    completes: {
      messages: ["I will write the file.\nhello\nDone: the file is written.\nTASK_COMPLETE"],
      tools: [],
      finished: true,
    },
  },
});

const folder = mkdtempSync(join(tmpdir(), "cloister command's "));
after(() => rmSync(folder, { recursive: true }));
const prompt = "Do it.\nAll of it.";
const promptFile = join(folder, "prompt.md");
writeFileSync(promptFile, prompt);

/** Starts a real shell as the engine would. */
function start(command: string): { readonly io: AgentIo; readonly child: RunningProcess } {
  const request = toRequest({ command, prompt, promptFile });
  const { file, args, env, stdin } = commandAgent.launch(request);
  const input = stdin === "prompt" ? { text: prompt } : "empty";
  const marker = `command-test-${process.pid}`;
  const child = startProcess({ file, args, env, stdin: input, cwd: folder, marker, timeoutMs: 5000 });
  const io = { request, output: child.stdout, write: () => Promise.resolve(), closeInput: () => undefined };
  return { io, child };
}

async function run(command: string): Promise<{ readonly events: readonly AgentEvent[]; readonly code: number | null }> {
  const { io, child } = start(command);
  const events: AgentEvent[] = [];
  for await (const event of commandAgent.converse(io)) events.push(event);
  return { events, code: (await child.exit).code };
}

const CASES: readonly {
  readonly name: string;
  readonly command: string;
  readonly text?: string;
  readonly code: number;
}[] = [
  { name: "the prompt comes on standard input", command: "cat", text: prompt, code: 0 },
  {
    name: "the prompt's file replaces its placeholder, however its path is spelt",
    command: "cat {prompt_file}",
    text: prompt,
    code: 0,
  },
  {
    name: "with the placeholder, standard input is empty",
    command: "cat {prompt_file} | wc -l; cat",
    text: "1",
    code: 0,
  },
  {
    name: "the prompt's file is in the environment too",
    command: 'cat "$CLOISTER_PROMPT_FILE"',
    text: prompt,
    code: 0,
  },
  {
    name: "the shell reads pipes, variables and operators",
    command: "x=5; echo $x | tr 5 6 && exit 3",
    text: "6",
    code: 3,
  },
  { name: "the exit code is the command's", command: "false", code: 1 },
  { name: "an unknown program is told from a failed one", command: "no-such-program-here", code: 127 },
  { name: "a comment at the end swallows nothing", command: "echo hi # bye", text: "hi", code: 0 },
  {
    name: "what looks like an agent's events stays text",
    command: `echo '{"type":"result","subtype":"success","is_error":false,"result":"TASK_COMPLETE"}'`,
    text: '{"type":"result","subtype":"success","is_error":false,"result":"TASK_COMPLETE"}',
    code: 0,
  },
];

describe("a command", () => {
  for (const { name, command, text, code } of CASES) {
    test(`${name}: ${command}`, async () => {
      const message = text === undefined ? [] : [{ type: "message", text }];
      assert.deepEqual(await run(command), { events: [...message, { type: "finished", ok: true }], code });
    });
  }

  test("is not taken for ended while its output goes to a file", async () => {
    const log = join(folder, "log.txt");
    const { io, child } = start("sh -c 'head -c 20000000 /dev/zero | tail -c 1; echo late' > log.txt");
    for await (const event of commandAgent.converse(io)) {
      assert.deepEqual([event.type, readFileSync(log, "utf8").endsWith("late\n")], ["finished", true]);
    }
    assert.equal((await child.exit).code, 0);
  });

  test("is looked up before it is run, where that can be done", async () => {
    const env = { PATH: "/usr/bin:/bin", HOME: folder };
    const look = async (command?: string): Promise<boolean> => (await commandAgent.probe(env, command)).installed;
    assert.deepEqual(
      await Promise.all(
        [
          undefined,
          "",
          "no-such-program-here -p",
          "cat -n",
          "/bin/sh",
          "/no/such",
          "./agent.sh",
          "A=1 cat",
          "cd x",
        ].map(look),
      ),
      [false, false, false, true, true, false, true, true, true],
    );
  });
});
