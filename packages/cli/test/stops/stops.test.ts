/**
 * Whatever ends a run: five seconds later nothing of it lives, escapees included, its journal is whole, and it can be resumed.
 * The agent ignores TERM; it has left a child in its group, one in a session of its own that ignores TERM, and one that has lost
 * its environment too.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { findScenario } from "@cloister/testkit";
import { eventsOfType, summaryOf, type CliEnd, type CliProcess } from "../harness/cli-process.ts";
import { isLiving, livingThatName, readPids } from "../harness/living.ts";
import { installMockAgent, TEST_GATE } from "../harness/mock-agent.ts";
import { createTestRepository, type TestRepository } from "../harness/test-repository.ts";
import { until } from "../harness/until.ts";

const STOPPED_WITHIN_MS = 5000;
const DESCENDANTS = 3;
/** Those that are not in the agent's own group, and do not end with it. */
const ESCAPEES = 2;

/** A run whose agent hangs, with all that the agent has left behind. */
type HangingRun = {
  readonly repository: TestRepository;
  readonly run: string;
  readonly process: CliProcess;
  readonly pids: readonly number[];
};

type Case = {
  readonly name: string;
  /** Options of `run` that make it end by itself. */
  readonly limits?: readonly string[];
  /** Ends it, where it does not end by itself. */
  readonly stop?: (run: HangingRun) => Promise<unknown>;
  readonly code: number | null;
  readonly reason?: string;
  /** Options of `resume` that let it go on. */
  readonly raise?: readonly string[];
};

const CASES: readonly Case[] = [
  { name: "SIGINT", stop: async ({ process }) => process.kill("SIGINT"), code: 130, reason: "interrupted" },
  { name: "SIGTERM", stop: async ({ process }) => process.kill("SIGTERM"), code: 143, reason: "terminated" },
  { name: "a second SIGINT", stop: interruptTwice, code: 130 },
  { name: "kill -9 of cloister", stop: async ({ process }) => process.kill("SIGKILL"), code: null },
  { name: "cloister stop", stop: ({ repository }) => repository.run(["stop"]), code: 130, reason: "interrupted" },
  {
    name: "cloister stop --now",
    stop: ({ repository }) => repository.run(["stop", "--now"]),
    code: 143,
    reason: "terminated",
  },
  {
    name: "the run's time limit",
    limits: ["--max-runtime", "8s"],
    code: 4,
    reason: "time_limit",
    raise: ["--max-runtime", "10m"],
  },
  {
    name: "the idle limit",
    limits: ["--idle-timeout", "3s", "--max-iterations", "1"],
    code: 6,
    reason: "agent_failing",
    raise: ["--max-iterations", "3"],
  },
  {
    name: "the iteration's time limit",
    limits: ["--iteration-timeout", "4s", "--max-iterations", "1"],
    code: 6,
    reason: "agent_failing",
    raise: ["--max-iterations", "3"],
  },
];

suite("nothing survives, and the run can be resumed", { concurrency: 2 }, () => {
  for (const { name, limits = [], stop, code, reason, raise = [] } of CASES) {
    test(`after ${name}`, async () => {
      using repository = createTestRepository();
      const hanging = await startHangingRun(repository, limits);
      await (stop?.(hanging) ?? hanging.process.ended);
      await assertNothingLives(hanging);
      const end = await hanging.process.ended;
      assert.equal(end.code, code, end.stderr);
      if (reason !== undefined) assertReason(end, reason);
      await assertIntact(repository);
      const resumed = await repository.run(["resume", "--json", ...raise]);
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.equal(summaryOf(resumed).reason, "done");
      await assertIntact(repository);
      await assertNothingLives(hanging);
    });
  }
});

/** The agent hangs at the first call, and does the task at the second. */
async function startHangingRun(repository: TestRepository, limits: readonly string[]): Promise<HangingRun> {
  const pidFile = join(repository.folder, "pids");
  const [hang = []] = findScenario("hang_with_escapee").calls;
  const [work = []] = findScenario("honest_work").calls;
  const calls = [[{ type: "escapee", clearEnvironment: true } as const, ...hang], work];
  const agent = await installMockAgent(repository, { calls }, { pidFile });
  const process = repository.start(["run", "plan.md", ...agent, ...TEST_GATE, ...limits, "--json"]);
  const { charter } = await process.hasPrinted("run_created");
  const { pid } = await process.hasPrinted("agent_started");
  const descendants = await until("the agent has left its children behind", () => {
    const pids = readPids(pidFile);
    return pids.length === DESCENDANTS && pids;
  });
  return { repository, process, run: charter.run, pids: [pid, ...descendants] };
}

async function interruptTwice({ process }: HangingRun): Promise<void> {
  process.kill("SIGINT");
  await until("cloister says that it stops", () => process.notes().includes("stopping"));
  process.kill("SIGINT");
}

/** The time begins when the stop was asked for, or, where a limit was reached, when the run has ended. */
async function assertNothingLives({ pids, run }: HangingRun): Promise<void> {
  const living = (): number[] => [...pids.filter(isLiving), ...livingThatName(run)];
  await until("nothing of the run lives", () => living().length === 0, STOPPED_WITHIN_MS);
}

function assertReason(end: CliEnd, reason: string): void {
  const summary = summaryOf(end);
  assert.equal(summary.reason, reason);
  assert.equal(summary.exitCode, end.code);
  const [ended] = eventsOfType(end, "agent_ended");
  assert.ok(ended !== undefined && ended.survivors >= ESCAPEES, `found ${ended?.survivors} survivors`);
}

async function assertIntact(repository: TestRepository): Promise<void> {
  const audit = await repository.run(["audit", "--journal", "--json"]);
  assert.equal(audit.code, 0, audit.stdout + audit.stderr);
}
