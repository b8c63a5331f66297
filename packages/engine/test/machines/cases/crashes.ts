import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { saidIn } from "../../../src/machines/testing/run-in-machine.ts";
import type { OptionalOperation } from "../../../src/machines/port.ts";
import { until } from "../../../src/process/testing/until.ts";
import { withoutTrace } from "../expect.ts";
import type { Life, LifeStep } from "../lead-life.ts";
import type { Cases, Subject } from "../subject.ts";

const PROGRAM = fileURLToPath(new URL("../lead-life.ts", import.meta.url));

/** All steps, in an order in which each can be taken. */
const WHOLE_LIFE: readonly LifeStep[] = [
  "create",
  "work",
  "pause",
  "resume",
  "snapshot_disk",
  "snapshot_full",
  "clone",
  "fork",
  "restore",
  "stop",
  "start",
  "remove",
];
/** Steps that lead to where it is killed, and after how much of the time that the last of them takes. */
const POINTS: readonly { readonly steps: readonly LifeStep[]; readonly fractions: readonly number[] }[] = [
  { steps: ["create"], fractions: [0.02, 0.3, 0.7] },
  { steps: ["create", "work"], fractions: [1.2] },
  { steps: ["create", "snapshot_disk"], fractions: [0.5] },
  { steps: ["create", "snapshot_full"], fractions: [0.3, 0.8] },
  { steps: ["create", "snapshot_disk", "restore"], fractions: [0.5] },
  { steps: ["create", "clone"], fractions: [0.2, 0.7] },
  { steps: ["create", "fork"], fractions: [0.5] },
  { steps: ["create", "work", "stop"], fractions: [0.5] },
  { steps: ["create", "work", "remove"], fractions: [0.3] },
];
/** What a step needs of the driver. */
const NEEDS: Partial<Record<LifeStep, OptionalOperation>> = {
  pause: "pause",
  resume: "pause",
  snapshot_disk: "snapshot_disk",
  snapshot_full: "snapshot_full",
  restore: "snapshot_disk",
  clone: "clone",
  fork: "fork",
};

/** Machines whose process is killed in the middle of what it does with them. */
export const CRASH_CASES: Cases = {
  "loses none that was acknowledged, and leaves none without an owner, wherever the process that holds it is killed":
    surviveKills,
};

async function surviveKills(subject: Subject, context: TestContext): Promise<void> {
  await subject.close();
  const isPossible = (step: LifeStep): boolean => isAble(subject, step);
  const times = await timesOf(subject, WHOLE_LIFE.filter(isPossible));
  const points = POINTS.filter(({ steps }) => steps.every(isPossible))
    .flatMap(({ steps, fractions }) => fractions.map((fraction) => ({ steps, fraction })))
    .filter((_, index) => index % subject.everyNthKill === 1 % subject.everyNthKill);
  for (const { steps, fraction } of points) {
    const killMs = fraction * (times.get(steps.at(-1) ?? "") ?? 0);
    const ended = await lead(subject, steps, killMs);
    const point = `${steps.join(", ")}, killed after ${Math.round(killMs)} ms`;
    await withoutTrace(subject, () => checkAfter(subject, { ended, steps, point }));
  }
  context.diagnostic(`${points.length} kills`);
}

function isAble({ can }: Subject, step: LifeStep): boolean {
  const needed = NEEDS[step];
  return needed === undefined || can(needed);
}

type EndedSteps = ReadonlyMap<string, number>;

/** How long each of the steps takes, in ms. */
async function timesOf(subject: Subject, steps: readonly LifeStep[]): Promise<EndedSteps> {
  const ended = await lead(subject, steps);
  await withoutTrace(subject, () => removeAll(subject));
  return ended;
}

/**
 * Leads a life, and kills it.
 * @param killMs after the last step has begun; undefined: when it has ended
 * @returns which steps have ended, and how long each took, in ms
 */
async function lead({ env, request, mark }: Subject, steps: readonly LifeStep[], killMs?: number): Promise<EndedSteps> {
  const life: Life = { env, request: request("one"), steps, mark };
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(life)], { stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  const gone = once(child, "exit");
  const ended = new Map<string, number>();
  const kill = (): boolean => child.kill("SIGKILL");
  let begunAt = 0;
  for await (const line of createInterface(child.stdout)) {
    const [when, step = ""] = line.split(" ");
    if (when === "end") ended.set(step, performance.now() - begunAt);
    else begunAt = performance.now();
    const isLast = step === steps.at(-1);
    if (isLast && when === "begin" && killMs !== undefined) void delay(killMs).then(kill);
    if (isLast && when === "end" && killMs === undefined) kill();
  }
  const [, signal] = (await gone) as [number | null, string | null];
  assert.equal(signal, "SIGKILL", `${steps.join(", ")}: ${complaint}`);
  return ended;
}

type Kill = { readonly ended: EndedSteps; readonly steps: readonly LifeStep[]; readonly point: string };

/** Expects that everything is in order after a kill, and removes it. */
async function checkAfter(subject: Subject, { ended, steps, point }: Kill): Promise<void> {
  const { manager, remains } = subject;
  assert.deepEqual((await manager.reconcile()).problems, [], point);
  const machines = (await manager.list()).filter(({ name }) => name !== "main");
  const names = machines.map(({ name }) => name);
  // While it was being removed it may be there or not.
  if (ended.has("create") && !steps.includes("remove")) assert.ok(names.includes("one"), `${point}: it is lost`);
  for (const copy of ["clone", "fork"] as const)
    if (ended.has(copy)) assert.ok(names.includes(copy === "clone" ? "two" : "four"), `${point}: its copy is lost`);
  for (const { name, state } of machines)
    assert.ok(["running", "paused", "stopped"].includes(state), `${point}: ${name} is ${state}`);
  const known = new Set(machines.map(({ id }) => String(id)));
  const orphans = remains().filter(({ id }) => !known.has(id));
  assert.deepEqual(orphans, [], `${point}: without an owner`);
  if (names.includes("one")) await checkUsable(subject, point);
  await removeAll(subject);
}

async function checkUsable({ manager, marked }: Subject, point: string): Promise<void> {
  if ((await manager.get("one")).state === "paused") await manager.resume("one");
  await using machine = await manager.open("one");
  assert.equal(await saidIn(machine, ["echo", "usable"]), "usable", point);
  // What ran inside ends with the connection of the one who was killed.
  await until(`nothing runs inside (${point})`, () => marked().length === 0);
}

async function removeAll({ manager }: Subject): Promise<void> {
  for (const { name } of await manager.list()) if (name !== "main") await manager.remove(name);
}
