/**
 * Kills Cloister with SIGKILL at every point at which it writes: after every event, and before and after every git command that
 * changes anything. Each time the run is resumed, and must come to the same end as if nothing had happened (I5).
 */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { replay, toUsd, type RunEvent } from "@cloister/core";
import { openJournalReader, verifyJournal } from "../../src/journal/index.ts";
import { stampedEvents } from "../../src/runs/read-run.ts";
import { listRunIds, openRunStore, runPaths } from "../../src/runs/run-store.ts";
import { createTestRepository, type TestRepository } from "../harness/repository.ts";

const CHILD = join(import.meta.dirname, "crash-child.ts");
const COST = 0.01;
const run = promisify(execFile);

/** Speaks like Claude Code, in a few milliseconds: lies at its first call, does the task at every later one. */
const AGENT = `#!/bin/sh
cat > /dev/null
echo call >> "$CALLS"
if [ "$(wc -l < "$CALLS")" -eq 1 ]; then echo first > work.txt; else echo work > work.txt; echo done > done.txt; fi
usage='{"input_tokens":100,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":10}'
echo '{"type":"system","subtype":"init","session_id":"s","model":"claude-opus-5-5"}'
echo '{"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"TASK_COMPLETE"}],"usage":'"$usage"'}}'
echo '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"total_cost_usd":${COST},"usage":'"$usage"',"result":"TASK_COMPLETE"}'
`;

/** Stands before the real git, and kills Cloister at the n-th call. */
const GIT = `#!/bin/sh
echo "$@" >> "$GIT_CALLS"
number=$(wc -l < "$GIT_CALLS")
[ "$number" = "$CRASH_AT" ] && [ "$CRASH_WHEN" = before ] && { kill -9 $CRASH_PID; exit 1; }
"$REAL_GIT" "$@"
code=$?
[ "$number" = "$CRASH_AT" ] && [ "$CRASH_WHEN" = after ] && kill -9 $CRASH_PID
exit $code
`;

/** Git commands that change files, index, objects or references. */
const WRITES =
  /(?:^| )(?:worktree|add|write-tree|commit-tree|update-ref|symbolic-ref|read-tree|checkout-index|restore)(?: |$)/;

type Point = { readonly kind: "event" | "before git" | "after git"; readonly number: number };
type World = {
  readonly repository: TestRepository;
  readonly env: Record<string, string>;
  readonly gitCalls: string;
  readonly calls: string;
};

async function createWorld(): Promise<World> {
  const repository = await createTestRepository({ "plan.md": "- [ ] Write done.txt\n" });
  const bin = join(repository.folder, "bin");
  mkdirSync(bin);
  for (const [name, text] of [
    ["git", GIT],
    ["agent", AGENT],
  ] as const) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  const [calls, gitCalls] = [join(repository.folder, "calls"), join(repository.folder, "git-calls")];
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  const env = {
    ...repository.env,
    PATH: `${bin}:${repository.env["PATH"] ?? ""}`,
    CALLS: calls,
    GIT_CALLS: gitCalls,
    REAL_GIT: real,
    CRASH_AGENT: join(bin, "agent"),
  };
  return { repository, env, gitCalls, calls };
}

async function runChild(
  { repository, env }: World,
  mode: "start" | "resume",
  point?: Point,
): Promise<Record<string, unknown> | undefined> {
  const crashEvent = point?.kind === "event" ? String(point.number) : "0";
  const crashGit =
    point === undefined || point.kind === "event"
      ? {}
      : { CRASH_AT: String(point.number), CRASH_WHEN: point.kind.split(" ")[0] ?? "" };
  try {
    const { stdout } = await run(process.execPath, [CHILD, mode, repository.root, crashEvent], {
      env: { ...env, ...crashGit },
    });
    return JSON.parse(stdout) as Record<string, unknown>;
  } catch (error: unknown) {
    const { signal, stderr } = error as { signal?: string; stderr?: string };
    assert.equal(
      signal,
      "SIGKILL",
      `the child was to be killed at ${JSON.stringify(point)}, and failed: ${stderr ?? ""}`,
    );
    return undefined;
  }
}

function lines(file: string): number {
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").length : 0;
}

/** What must hold of a run that has come to its end, however often it died. */
function assertWhole(world: World, summary: Record<string, unknown>): void {
  const { repository, calls } = world;
  assert.equal(summary["reason"], "done");
  const store = openRunStore(repository.root);
  const id = listRunIds(store).at(-1);
  assert.ok(id !== undefined);
  const paths = runPaths(store, id);
  assert.equal(verifyJournal(paths.journal).ok, true);
  const reader = openJournalReader(paths.journal);
  const stamped = [...stampedEvents(reader.read())];
  reader.close();
  const events: RunEvent[] = stamped.map(({ event }) => event);
  const state = replay(stamped);
  assert.ok(state !== undefined);

  const started = events.filter(({ type }) => type === "iteration_started").length;
  assert.equal(state.iterations, started);
  const called = lines(calls);
  assert.ok(called <= started && called >= started - 1, `${called} calls in ${started} iterations`);
  const counted = new Set(
    events.flatMap((event) =>
      event.type === "agent_ended" || event.type === "agent_reported" ? [event.iteration] : [],
    ),
  );
  const paid = [...counted].filter((iteration) =>
    events.some(
      (event) =>
        (event.type === "agent_ended" && event.iteration === iteration && event.cost > 0) ||
        (event.type === "agent_reported" &&
          event.iteration === iteration &&
          event.event.type === "usage" &&
          event.event.cost !== undefined),
    ),
  );
  assert.equal(toUsd(state.cost).toFixed(4), (paid.length * COST).toFixed(4));
  assert.ok(
    paid.length >= called - 1,
    "what was spent is counted, but for an agent that died with Cloister before it was heard",
  );

  const branch = String(summary["branch"]);
  assert.equal(repository.git(["show", `${branch}:done.txt`]), "done");
  assert.match(repository.git(["show", `${branch}:plan.md`]), /\[x\]/);
  const checkpoints = repository
    .git(["log", "--format=%(trailers:key=Cloister-Iteration,valueonly,separator=)", `main..${branch}`])
    .split("\n")
    .filter((line) => line !== "");
  assert.equal(
    new Set(checkpoints).size,
    checkpoints.length,
    `one checkpoint an iteration at most: ${checkpoints.join(", ")}`,
  );
  assert.equal(repository.git(["status", "--porcelain"]), "");
  assert.equal(repository.git(["status", "--porcelain"], String(summary["workspace"])), "");
}

let points: readonly Point[] = [];

before(async () => {
  const world = await createWorld();
  using _repository = world.repository;
  const summary = await runChild(world, "start");
  assert.ok(summary !== undefined);
  assertWhole(world, summary);
  const events = Array.from({ length: Number(summary["events"]) }, (_, index): Point => ({
    kind: "event",
    number: index + 1,
  }));
  const commands = readFileSync(world.gitCalls, "utf8").trim().split("\n");
  const git = commands.flatMap((command, index): Point[] =>
    WRITES.test(command) ? (["before git", "after git"] as const).map((kind) => ({ kind, number: index + 1 })) : [],
  );
  points = [...events, ...git];
});

after(() => assert.ok(points.length > 40, `expected more than 40 points to die at, found ${points.length}`));

test("a run that is killed at any write comes to the same end when it is resumed", async () => {
  const failures: string[] = [];
  const queue = [...points];
  const worker = async (): Promise<void> => {
    for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
      await dieAndResume(point).catch((error: unknown) => failures.push(`${JSON.stringify(point)}: ${String(error)}`));
    }
  };
  await Promise.all([worker(), worker()]);
  assert.deepEqual(failures, []);
});

async function dieAndResume(point: Point): Promise<void> {
  const world = await createWorld();
  using _repository = world.repository;
  const early = await runChild(world, "start", point);
  if (early !== undefined) return assertWhole(world, early); // It died after its last word, or git was called less often this time.
  const mode = howToGoOn(world.repository);
  if (mode === "look") return; // It died after its last event: there is nothing left to do.
  const summary = await runChild(world, mode);
  assert.ok(summary !== undefined);
  assertWhole(world, summary);
}

/** Where the death left no event, its user starts anew. */
function howToGoOn({ root }: TestRepository): "start" | "resume" | "look" {
  if (!existsSync(join(root, ".cloister", "runs"))) return "start";
  const store = openRunStore(root);
  const id = listRunIds(store).at(-1);
  if (id === undefined) return "start";
  const reader = openJournalReader(runPaths(store, id).journal);
  const state = replay(stampedEvents(reader.read()));
  reader.close();
  if (state === undefined) return "start";
  return state.ended === undefined ? "resume" : "look";
}
