import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, test } from "node:test";
import type { RunCharter } from "@cloister/core";
import { findMarked, markerFor } from "@cloister/engine";
import { CLI_ENTRY, type CliResult, runCli } from "../testing/run-cli.ts";
import { createSampleRepository, type SampleRepository } from "../testing/sample-repository.ts";

/** A run that never comes to what is waited for must not hold the suite. */
const BOUNDED = { timeout: 60_000 };

type Line = Readonly<Record<string, unknown>>;

/** Changes a file and claims nothing: such a run goes on until it is stopped. */
const RESTLESS = "cat > /dev/null; date +%s%N > stamp.txt";
/** Neither ends nor listens, and has a child that fled from its session. */
const STUBBORN = "trap '' TERM INT; cat > /dev/null; setsid sleep 600 & while :; do sleep 1; done";

const living: LivingRun[] = [];
let sample: SampleRepository;
beforeEach(() => {
  sample = createSampleRepository({ "plan.md": "- [ ] never done\n" });
});
afterEach(() => {
  for (const { child } of living.splice(0)) child.kill("SIGTERM");
  sample[Symbol.dispose]();
});

/** A run under way, whose events are waited for. */
class LivingRun {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  readonly #lines: AsyncIterator<string>;
  last: Line = {};

  constructor(...args: readonly string[]) {
    const child = spawn(process.execPath, [CLI_ENTRY, ...args, "--json"], {
      cwd: sample.folder,
      env: { PATH: process.env["PATH"] ?? "", HOME: sample.folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    this.exited = once(child, "exit");
    living.push(this);
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Reads on until an event of `type` came, and returns it; to the end, where there is none. */
  async until(type?: string): Promise<Line> {
    for (;;) {
      const next = await this.#lines.next();
      if (next.done === true) return this.last;
      this.last = JSON.parse(next.value) as Line;
      if (this.last["type"] === type && "position" in this.last) return this.last;
    }
  }

  /** Waits until it says that it is stopping: of two signals sent in one breath the system may deliver one. */
  async untilStopping(): Promise<void> {
    for await (const chunk of this.child.stderr ?? []) if (String(chunk).includes("stopping")) return;
  }

  /** Reads to the end. @returns the last line, and the exit code. */
  async end(): Promise<{ readonly last: Line; readonly code: unknown }> {
    const last = await this.until();
    const [code] = await this.exited;
    return { last, code };
  }
}

function startRun(agent: string): LivingRun {
  const gate = ["--gate", "kept=test -e plan.md"];
  return new LivingRun(
    "run",
    "plan.md",
    "--agent",
    "command",
    "--agent-command",
    agent,
    ...gate,
    "--max-iterations",
    "1000",
  );
}

/** What every process of the run carries, wherever it fled to. */
async function markerOf(run: LivingRun): Promise<string> {
  const { charter } = (await run.until("run_created")) as { readonly charter?: RunCharter };
  assert.ok(charter);
  return markerFor(charter.run);
}

async function cli(...args: readonly string[]): Promise<CliResult> {
  return runCli(args, { cwd: sample.folder });
}

/** What the status says once no iteration is under way any more. */
async function statusAfterIteration(): Promise<string> {
  for (;;) {
    const { stdout } = await cli("status");
    if (!stdout.includes("pauses after the iteration under way")) return stdout;
  }
}

test(
  "a living run is paused, gets a remark, goes on by resume, and is stopped with its work kept",
  BOUNDED,
  async () => {
    const run = startRun(RESTLESS);
    await run.until("agent_started");
    assert.match((await cli("pause")).stdout, /pauses after the iteration under way/);
    await run.until("run_paused");
    assert.match(await statusAfterIteration(), /^Run \S+: paused\npaused · `cloister resume` goes on\n/);
    assert.match((await cli("steer", "mind", "the", "gap")).stdout, /gets the remark with its next prompt/);
    assert.equal((await run.until("remark_added"))["text"], "mind the gap");
    assert.match((await cli("resume")).stdout, /goes on, where it was started/);
    await run.until("run_unpaused");
    await run.until("iteration_started");
    assert.match((await cli("stop")).stdout, /stops; its work is kept/);
    const { last, code } = await run.end();
    assert.equal(code, 130);
    assert.equal(last["reason"], "interrupted");
  },
);

test("a run that is at work can't be resumed a second time, with exit code 2", BOUNDED, async () => {
  const run = startRun(RESTLESS);
  await run.until("agent_started");
  const { code, stderr } = await cli("resume");
  assert.equal(code, 2);
  assert.match(stderr, new RegExp(`at work in process ${run.child.pid}`));
  run.child.kill("SIGTERM");
  const end = await run.end();
  assert.equal(end.code, 143);
  assert.equal(end.last["reason"], "terminated");
});

test("logs -f follows a run to its end", BOUNDED, async () => {
  const run = startRun(RESTLESS);
  await run.until("agent_started");
  const following = cli("logs", "--follow", "--json");
  await run.until("iteration_ended");
  await cli("stop");
  const { last } = await run.end();
  const followed = (await following).stdout.trimEnd().split("\n");
  const { type, reason } = JSON.parse(followed.at(-1) ?? "") as Line;
  assert.deepEqual({ type, reason }, { type: "run_ended", reason: last["reason"] });
});

test("stop --now ends a run whose agent does not listen, and all that it started", BOUNDED, async () => {
  const run = startRun(STUBBORN);
  const marker = await markerOf(run);
  await run.until("agent_started");
  const { code, stdout } = await cli("stop", "--now");
  assert.equal(code, 0, stdout);
  await run.exited;
  assert.deepEqual(findMarked(marker), []);
  assert.match((await cli("stop", "--now")).stdout, /was not at work; 0 left-over processes were ended/);
});

test("a second interrupt ends everything at once, and the run can be resumed", BOUNDED, async () => {
  const run = startRun(STUBBORN);
  const marker = await markerOf(run);
  await run.until("agent_started");
  run.child.kill("SIGINT");
  await run.untilStopping();
  run.child.kill("SIGINT");
  const { code } = await run.end();
  assert.equal(code, 130);
  assert.deepEqual(findMarked(marker), []);
  const resumed = new LivingRun("resume");
  assert.equal((await resumed.until("iteration_started"))["iteration"], 2);
  await cli("stop", "--now");
  await resumed.exited;
});
