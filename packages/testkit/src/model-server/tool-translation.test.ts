import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import type { ScriptedToolCall } from "../script/tool-call.ts";
import { toEditCommand, toReadCommand, toWriteCommand } from "./shell-commands.ts";
import { offersShell, translateCall } from "./tool-translation.ts";
import { findWorkspace } from "./workspace.ts";
import type { OfferedTool } from "./wires/wire.ts";

/** A tool with text inputs, of which those with a `!` are required. */
function tool(name: string, ...inputs: readonly string[]): OfferedTool {
  const names = inputs.map((input) => input.replace("!", ""));
  const properties = Object.fromEntries(names.map((input) => [input, { type: "string" }]));
  const required = inputs.filter((input) => input.endsWith("!")).map((input) => input.slice(0, -1));
  return { name, freeform: false, schema: { type: "object", properties, required } };
}

const write: ScriptedToolCall = { write: { path: "a/b.txt", content: "x" } };
const edit: ScriptedToolCall = { edit: { path: "a/b.txt", old: "x", new: "y" } };

const cases: readonly {
  readonly name: string;
  readonly tools: readonly OfferedTool[];
  readonly call: ScriptedToolCall;
  readonly expected: readonly [string, unknown];
}[] = [
  {
    name: "Claude's Bash gets the command alone",
    tools: [tool("Bash", "command!", "description")],
    call: { shell: "ls" },
    expected: ["Bash", { command: "ls" }],
  },
  {
    name: "Codex' exec_command calls it cmd",
    tools: [tool("exec_command", "cmd!", "workdir")],
    call: { shell: "ls" },
    expected: ["exec_command", { cmd: "ls" }],
  },
  {
    name: "what a tool requires beside is filled in",
    tools: [tool("bash", "command!", "description!")],
    call: { shell: "ls" },
    expected: ["bash", { command: "ls", description: "As the script says" }],
  },
  {
    name: "Claude's Write gets an absolute path",
    tools: [tool("Bash", "command!"), tool("Write", "file_path!", "content!")],
    call: write,
    expected: ["Write", { file_path: "/project/a/b.txt", content: "x" }],
  },
  {
    name: "Cloister's own tools are known",
    tools: [tool("shell", "command!"), tool("edit", "path!", "old!", "new!")],
    call: edit,
    expected: ["edit", { path: "/project/a/b.txt", old: "x", new: "y" }],
  },
  {
    name: "opencode's camel case is known",
    tools: [tool("edit", "filePath!", "oldString!", "newString!")],
    call: edit,
    expected: ["edit", { filePath: "/project/a/b.txt", oldString: "x", newString: "y" }],
  },
  {
    name: "Gemini's replace gets its instruction",
    tools: [tool("replace", "file_path!", "instruction!", "old_string!", "new_string!")],
    call: edit,
    expected: [
      "replace",
      { file_path: "/project/a/b.txt", instruction: "As the script says", old_string: "x", new_string: "y" },
    ],
  },
  {
    name: "a missing read tool falls back to the shell",
    tools: [tool("shell", "command!")],
    call: { read: "it's" },
    expected: ["shell", { command: `cat 'it'\\''s'` }],
  },
  {
    name: "a write tool with strange inputs falls back to the shell",
    tools: [tool("shell", "command!"), tool("write", "blob!")],
    call: write,
    expected: ["shell", { command: "mkdir -p 'a' && printf '%s' 'x' > 'a/b.txt'" }],
  },
];
for (const { name, tools, call, expected } of cases) {
  test(name, () => {
    const translated = translateCall(call, tools, "/project");
    assert.deepEqual([translated?.tool.name, translated?.input], expected);
  });
}

test("a shell that takes a list gets one", () => {
  const schema = { properties: { command: { type: "array" } } };
  const tools = [{ name: "shell", freeform: false, schema }];
  assert.deepEqual(translateCall({ shell: "ls -l" }, tools)?.input, { command: ["bash", "-lc", "ls -l"] });
});

test("without a shell there is no fallback, and the request is not the agent's work", () => {
  const tools = [tool("web_search", "query!")];
  assert.equal(translateCall({ shell: "ls" }, tools), undefined);
  assert.equal(offersShell(tools), false);
});

suite("shell fallbacks, run for real", () => {
  const folder = mkdtempSync(join(tmpdir(), "testkit-shell-"));
  after(() => rmSync(folder, { recursive: true }));
  const run = (command: string): string => execFileSync("/bin/sh", ["-c", command], { cwd: folder, encoding: "utf8" });
  const hard = "a 'quoted' \"text\"\n\\n \\\\ $HOME `id` %s & é\tend\n";

  test("a written file holds every character as it was", () => {
    run(toWriteCommand({ path: "deep/er/it's.txt", content: hard }));
    assert.equal(readFileSync(join(folder, "deep/er/it's.txt"), "utf8"), hard);
    assert.equal(run(toReadCommand("deep/er/it's.txt")), hard);
  });

  test("an edit replaces the first place alone, literally, and keeps the mode", () => {
    writeFileSync(join(folder, "edit.txt"), `one\n${hard}two\n${hard}`, { mode: 0o750 });
    run(toEditCommand({ path: "edit.txt", old: hard, new: "[&\\1 'x'\n$y]\n" }));
    assert.equal(readFileSync(join(folder, "edit.txt"), "utf8"), `one\n[&\\1 'x'\n$y]\ntwo\n${hard}`);
    assert.equal(statSync(join(folder, "edit.txt")).mode & 0o777, 0o750);
  });

  test("an edit that finds nothing fails and changes nothing", () => {
    writeFileSync(join(folder, "same.txt"), "same\n");
    assert.throws(() => run(toEditCommand({ path: "same.txt", old: "other", new: "x" })));
    assert.equal(readFileSync(join(folder, "same.txt"), "utf8"), "same\n");
  });
});

const requests = [
  {
    name: "Claude Code",
    body: String.raw`{"system":"# Env\n - Primary working directory: /w/claude\n - Git"}`,
    found: "/w/claude",
  },
  { name: "Codex", body: String.raw`{"text":"<environment_context>\n  <cwd>/w/codex</cwd>\n"}`, found: "/w/codex" },
  {
    name: "opencode",
    body: String.raw`{"content":"<env>\n  Working directory: /w/open code\n  Is"}`,
    found: "/w/open code",
  },
  { name: "an agent that does not say", body: `{"content":"hi"}`, found: undefined },
];
for (const { name, body, found } of requests) {
  test(`the working directory of ${name} is ${found ?? "unknown"}`, () => assert.equal(findWorkspace(body), found));
}
