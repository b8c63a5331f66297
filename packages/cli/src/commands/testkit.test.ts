import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createInterface } from "node:readline";
import { CLI_ENTRY, runCli } from "../testing/run-cli.ts";

const SCRIPT = `
conversations:
  - match: "hello"
    turns: []
    final: "good day"
`;

const TOOL = { type: "function", function: { name: "shell", parameters: { type: "object", properties: {} } } };

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "cloister-testkit-"));
  writeFileSync(join(folder, "script.yaml"), SCRIPT);
  writeFileSync(join(folder, "broken.yaml"), "conversations: 7\n");
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("model-server prints where it serves, answers as its script says, and ends on an interrupt with exit code 0", async (context) => {
  const child = spawn(process.execPath, [CLI_ENTRY, "testkit", "model-server", "script.yaml", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  context.after(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { url } = JSON.parse(String((await lines.next()).value)) as { url: string };
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer any" },
    // An agent's request: one without tools is taken for a title, and answered beside the script.
    body: JSON.stringify({ model: "any", messages: [{ role: "user", content: "hello" }], tools: [TOOL] }),
  });
  assert.match(await response.text(), /good day/);
  child.kill("SIGINT");
  const { requests } = JSON.parse(String((await lines.next()).value)) as { requests: number };
  const [code] = (await exited) as [number | null];
  assert.deepEqual({ requests, code }, { requests: 1, code: 0 });
});

test("a script that is wrong is refused with its file, with exit code 2", async () => {
  for (const file of ["broken.yaml", "missing.yaml"]) {
    const { code, stderr } = await runCli(["testkit", "model-server", file], { cwd: folder });
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`^error: ${file}: `));
  }
});

test("mock-agent writes a program that does what its scenario says", async () => {
  const { code, stdout } = await runCli(["testkit", "mock-agent", "claude", "mocks", "--json"], { cwd: folder });
  assert.equal(code, 0);
  const { path } = JSON.parse(stdout) as { path: string };
  assert.equal(path, join(folder, "mocks", "claude"));
  assert.match(execFileSync(path, ["--version"], { encoding: "utf8" }), /\d+\.\d+/);
});

test("an unknown scenario is refused with those there are", async () => {
  const args = ["testkit", "mock-agent", "claude", "mocks", "--scenario", "nonsense"];
  const { code, stderr } = await runCli(args, { cwd: folder });
  assert.equal(code, 2);
  assert.match(stderr, /no scenario "nonsense"\.\n.*honest_work/);
});

test("a program's name can't lead out of its folder", async () => {
  const { code, stderr } = await runCli(["testkit", "mock-agent", "../claude", "mocks"], { cwd: folder });
  assert.equal(code, 2);
  assert.match(stderr, /Expected a program's name/);
});
