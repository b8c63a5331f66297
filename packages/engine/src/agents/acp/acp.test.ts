import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type AgentRunRecord, runAgentProcess } from "../testing/run-agent.ts";
import { acpAgent } from "./index.ts";

const AGENT = fileURLToPath(new URL("testing/scripted-agent.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cloister-acp-"));
after(() => rmSync(folder, { recursive: true }));

function newWorkspace(): string {
  const place = mkdtempSync(join(folder, "case-"));
  const workspace = join(place, "work");
  mkdirSync(workspace);
  writeFileSync(join(place, "secret"), "secret");
  writeFileSync(join(workspace, "big.txt"), "x".repeat(20_000));
  symlinkSync(place, join(workspace, "link"));
  return workspace;
}

function run(command: string | undefined, workspace: string = newWorkspace()): Promise<AgentRunRecord> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
  const request = {
    prompt: "Do it",
    promptFile: join(folder, "prompt.md"),
    workspace,
    scratch: folder,
    env,
    asRoot: false,
  };
  return runAgentProcess(acpAgent, command === undefined ? request : { ...request, command });
}

function play(scenario: string, workspace?: string): Promise<AgentRunRecord> {
  return run(`'${process.execPath}' '${AGENT}' ${scenario}`, workspace);
}

function messagesOf({ events }: AgentRunRecord): string[] {
  return events.flatMap((event) => (event.type === "message" ? [event.text] : []));
}

suite("the acp agent", { concurrency: 3 }, () => {
  test("holds a session with a real agent process from prompt to end", async () => {
    const workspace = newWorkspace();
    const { events, exit } = await play("work default,bypassPermissions", workspace);
    const usage = { input: 30, cacheRead: 20, cacheWrite: 10, output: 40, reasoning: 5 };
    const nothing = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
    assert.deepEqual(events, [
      { type: "session_started", sessionId: "session-1" },
      { type: "thought", text: "I think." },
      { type: "message", text: "Prompt: Do it. I write." },
      { type: "tool_called", tool: "execute", summary: "echo TASK_COMPLETE" },
      { type: "tool_finished", tool: "execute", ok: true, summary: "" },
      { type: "usage", usage: nothing, cost: 250_000 },
      { type: "message", text: `{"outcome":"selected","optionId":"once"} two in mode bypassPermissions` },
      { type: "usage", usage, cost: 250_000 },
      { type: "finished", ok: true },
    ]);
    assert.equal(readFileSync(join(workspace, "folder", "a.txt"), "utf8"), "one\ntwo\nthree");
    assert.deepEqual([exit.cause, exit.code, exit.survivors], ["exited", 0, 0]);
  });

  test("switches Codex to its mode of full access, and stays where no such mode is offered", async () => {
    assert.match(messagesOf(await play("work agent-full-access")).at(-1) ?? "", /in mode agent-full-access$/);
    assert.match(messagesOf(await play("work read-only")).at(-1) ?? "", /in mode default$/);
  });

  test("confines file access to the workspace, offers no terminal and allows nothing for always", async () => {
    const workspace = newWorkspace();
    const [message = ""] = messagesOf(await play("escape", workspace));
    const [read = "", link = "", terminal = "", always = ""] = message.split("\n");
    assert.match(read, /refused: .*outside the workspace/);
    assert.match(link, /refused: .*outside the workspace/);
    assert.match(terminal, /refused: .*not found/i);
    assert.equal(always, `{"outcome":{"outcome":"cancelled"}}`);
    assert.equal(existsSync(join(workspace, "..", "x")), false);
  });

  test("says what it cannot read, skips it, and goes on", async () => {
    const record = await play("garbage");
    const unreadable = record.events.flatMap((event) => (event.type === "unreadable" ? [event.reason] : []));
    assert.deepEqual(unreadable, ["not_json", "not_json", "not_json", "line_too_long"]);
    assert.deepEqual(messagesOf(record), ["Still here."]);
    assert.deepEqual(record.events.at(-1), { type: "finished", ok: true });
  });

  test("answers hundreds of requests that come at once", async () => {
    assert.deepEqual(messagesOf(await play("flood")), ["6000000"]);
  });

  const failures = [
    ["login-first", "auth", /wants a login first .*Log in with its own program: API key\./],
    ["login", "auth", /wants a login first/],
    ["limited", "rate_limit", /Rate limit reached/],
    ["other-version", "crash", /version 9 of the protocol, not 1/],
    ["max_tokens", "context_overflow", /limit of tokens/],
    ["max_turn_requests", "crash", /limit of model requests/],
    ["refusal", "crash", /refused/],
    ["cancelled", "crash", /cancelled/],
  ] as const;
  for (const [scenario, failure, message] of failures) {
    test(`fails with class ${failure} after "${scenario}"`, async () => {
      const { events } = await play(scenario);
      const failed = events.find((event) => event.type === "failed");
      assert.equal(failed?.failure, failure, JSON.stringify(events));
      assert.match(failed.message, message);
      assert.deepEqual(events.at(-1), { type: "finished", ok: false });
    });
  }

  test("makes up no end where the agent went away: its exit tells", async () => {
    const { events, exit } = await play("gone");
    assert.deepEqual(
      events.map(({ type }) => type),
      ["session_started"],
    );
    assert.equal(exit.code, 7);
  });

  test("says nothing and ends where the program speaks no protocol at all", async () => {
    const { events } = await run("true");
    assert.deepEqual(events, []);
  });

  test("says what it needs where it was given no command", async () => {
    const { exit, stderr, events } = await run(undefined);
    assert.deepEqual([exit.code, events], [127, []]);
    assert.match(stderr, /needs the command line of a program.*--agent-command "gemini --acp"/);
  });

  const probes = [
    [undefined, false, /needs the command line/],
    ["no-such-program --acp", false, /no-such-program is not on PATH/],
    ["sh --acp", true, /when a session begins/],
  ] as const;
  for (const [command, installed, detail] of probes) {
    test(`is ${installed ? "" : "not "}installed as "${command}"`, async () => {
      const status = await acpAgent.probe({ PATH: "/usr/bin:/bin" }, command);
      assert.equal(status.installed, installed);
      assert.match(status.detail, detail);
    });
  }
});
