import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runMockAgent, startMockAgent } from "../testing/run-mock-agent.ts";
import { writeSampleProject } from "./sample-project.ts";
import { writeMockAgent } from "./write-mock-agent.ts";

const root = mkdtempSync(join(tmpdir(), "testkit-mock-"));
after(() => rmSync(root, { recursive: true }));
const ENTRY = fileURLToPath(new URL("mock-agent.ts", import.meta.url));

let folders = 0;

/** A fresh sample project to work in. */
async function project(): Promise<string> {
  folders += 1;
  const folder = join(root, `project-${folders}`);
  await writeSampleProject(folder);
  return folder;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH: there is no such process.
  }
}

/** Process ids that a mock agent noted of what it left behind. */
function readPids(file: string): readonly number[] {
  return readFileSync(file, "utf8").trim().split("\n").map(Number);
}

/** The next line that holds a text. */
async function waitForLine(child: ChildProcess, text: string): Promise<void> {
  if (child.stdout === null) throw new Error("Standard output was not opened.");
  for await (const line of createInterface({ input: child.stdout })) if (line.includes(text)) return;
  throw new Error(`Standard output ended without ${text}.`);
}

suite("started by hand", () => {
  test("it takes agent and scenario from its options, and ignores the real CLI's", async () => {
    const folder = await project();
    const args = [
      ENTRY,
      "--as",
      "codex",
      "--scenario",
      "honest_work",
      "exec",
      "--json",
      "--scenario",
      "nonsense",
      "do it",
    ];
    const { code, stdout } = await runMockAgent(process.execPath, folder, { args });
    assert.equal(code, 0);
    assert.match(stdout, /^\{"type":"thread.started"/);
    assert.match(readFileSync(join(folder, "src/math.mjs"), "utf8"), /subtract/);
  });

  test("it takes the scenario from the environment", async () => {
    const env = { MOCK_AGENT_SCENARIO: "prints_nothing" };
    assert.equal((await runMockAgent(process.execPath, root, { args: [ENTRY], env })).stdout, "");
  });

  const wrong = [
    { args: ["--as", "nobody"], message: /There is no agent nobody/ },
    { args: ["--scenario", "nothing"], message: /There is no scenario nothing/ },
    { args: ["--scenario", "./missing.json"], message: /ENOENT/ },
    { args: ["--scenario", "lies_then_works"], message: /MOCK_AGENT_CALLS/ },
  ];
  for (const { args, message } of wrong) {
    test(`${args.join(" ")} is refused with status 64`, async () => {
      const { code, stderr } = await runMockAgent(process.execPath, root, { args: [ENTRY, ...args] });
      assert.equal(code, 64);
      assert.match(stderr, message);
    });
  }
});

suite("as a program of the real one's name", () => {
  test("it is found on PATH, runs with another Node there, and prints the real one's version", async () => {
    const bin = join(root, "path bin's");
    await writeMockAgent(bin, "claude", "prints_nothing");
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    const version = await runMockAgent("claude", root, { args: ["--version"], env });
    assert.match(version.stdout, /^\d+\.\d+\.\d+ \(Claude Code\)\n$/);
    assert.deepEqual((await runMockAgent("claude", root, { args: ["-p", "x"], env })).stdout, "");
  });

  test("it does other steps at each call, and the last ones from then on, also at the same time", async () => {
    const steps = (text: string): { type: "message"; text: string }[] => [{ type: "message", text }];
    const program = await writeMockAgent(join(root, "calls"), "agent", { calls: [steps("a"), steps("b"), steps("c")] });
    const runs = await Promise.all([1, 2, 3, 4].map(() => runMockAgent(program, root)));
    assert.deepEqual(runs.map(({ stdout }) => stdout.trim()).toSorted(), ["a", "b", "c", "c"]);
  });

  test("a scenario that is not valid is refused when it is written", async () => {
    await assert.rejects(writeMockAgent(root, "x", { steps: [{ type: "exit", code: 999 }] }), {
      name: "DocumentError",
      message: /steps\.0\.code/,
    });
    assert.equal(existsSync(join(root, "x")), false);
  });
});

suite("processes", () => {
  test("a grandchild holds standard output open after the agent has exited", async () => {
    const pidFile = join(root, "grandchild.pids");
    const program = await writeMockAgent(join(root, "holds"), "codex", "grandchild_holds_stdout", { pidFile });
    const child = startMockAgent(program, await project(), {});
    const lines = waitForLine(child, "turn.completed");
    const [code] = (await once(child, "exit")) as [number];
    await lines;
    const [pid = 0] = readPids(pidFile);
    assert.deepEqual([code, isAlive(pid), child.stdout?.readableEnded], [0, true, false]);
    // The group is the agent's: one signal reaches it.
    process.kill(-Number(child.pid), "SIGKILL");
    if (child.stdout?.destroyed === false) child.stdout.resume();
    await once(child, "close");
  });

  for (const scenario of ["setsid_escapee", "unmarked_escapee"]) {
    test(`${scenario} lives on in a group of its own and ignores TERM`, async () => {
      const pidFile = join(root, `${scenario}.pids`);
      const program = await writeMockAgent(join(root, scenario), "claude", scenario, { pidFile });
      const { code } = await runMockAgent(program, await project(), { env: { MARKER: "here" } });
      const [pid = 0] = readPids(pidFile);
      assert.equal(code, 0);
      process.kill(pid, "SIGTERM");
      assert.ok(isAlive(pid));
      // A group of its own: the group's id is its own process id.
      process.kill(-pid, 0);
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
      assert.equal(environment.includes("MARKER=here"), scenario === "setsid_escapee");
      process.kill(pid, "SIGKILL");
    });
  }

  test("an agent that ignores signals survives TERM and INT, but not KILL", async () => {
    const child = startMockAgent(await writeMockAgent(join(root, "deaf"), "command", "ignores_term"), root, {});
    await waitForLine(child, "I will not stop.");
    child.kill("SIGTERM");
    child.kill("SIGINT");
    // A signal that ended it would have been delivered before this one, which is answered by the kernel.
    child.kill("SIGKILL");
    assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
  });

  test("after its last word it can hang, and ends by TERM", async () => {
    const child = startMockAgent(
      await writeMockAgent(join(root, "hangs"), "claude", "result_then_hang"),
      await project(),
      {},
    );
    await waitForLine(child, '"type":"result"');
    assert.equal(child.exitCode, null);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [null, "SIGTERM"]);
  });

  const endings = [
    { scenario: "killed_by_signal", code: null, signal: "SIGKILL" },
    { scenario: "claim_then_bad_exit", code: 3, signal: null },
    { scenario: "crashes", code: 1, signal: null },
    { scenario: "prints_nothing", code: 0, signal: null },
  ];
  for (const { scenario, code, signal } of endings) {
    test(`${scenario} ends with ${signal ?? `status ${code}`}`, async () => {
      const program = await writeMockAgent(join(root, "ends"), "claude", scenario);
      const run = await runMockAgent(program, await project());
      assert.deepEqual([run.code, run.signal], [code, signal]);
    });
  }
});

suite("output", () => {
  test("a long line is JSON of its full length on one line", async () => {
    const program = await writeMockAgent(join(root, "long"), "claude", {
      steps: [{ type: "long_line", megabytes: 5 }],
    });
    const { stdout } = await runMockAgent(program, root);
    const longest = stdout.split("\n").toSorted((left, right) => right.length - left.length)[0] ?? "";
    assert.ok(longest.length > 5 * 1024 * 1024);
    assert.deepEqual(Object.keys(JSON.parse(longest) as object), ["type", "data"]);
  });

  test("invalid UTF-8 comes through byte by byte, on a line of its own", async () => {
    const program = await writeMockAgent(join(root, "bytes"), "claude", "invalid_utf8");
    const { bytes } = await runMockAgent(program, await project());
    const at = bytes.indexOf(Buffer.from([0xfe, 0xff, 0x80, 0xc0, 0xaf, 0x0a]));
    assert.ok(at > 0);
    assert.equal(bytes[at - 1], 0x0a);
    assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  });

  test("a truncated last line ends without a line break, and there is no result", async () => {
    const program = await writeMockAgent(join(root, "cut"), "claude", "truncated_last_line");
    const { stdout, code } = await runMockAgent(program, await project());
    assert.ok(stdout.endsWith('\n{"type":"resu'));
    assert.equal(code, 1);
  });

  test("standard input is read to its end and echoed as a message", async () => {
    const program = await writeMockAgent(join(root, "echo"), "command", { steps: [{ type: "echo_stdin" }] });
    const stdin = "The prompt é\n".repeat(20_000);
    const { stdout } = await runMockAgent(program, root, { stdin });
    assert.equal(stdout, `${stdin}\n`);
  });

  test("an agent whose reader goes away ends by itself", async () => {
    const program = await writeMockAgent(join(root, "pipe"), "claude", {
      steps: [{ type: "long_line", megabytes: 50 }],
    });
    const child = startMockAgent(program, root, {});
    child.stdout?.once("data", () => child.stdout?.destroy());
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 1);
  });
});
