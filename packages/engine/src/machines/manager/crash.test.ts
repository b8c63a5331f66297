import { deepEqual, equal, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { MachinePlaces } from "../places.ts";
import { leftAt, managerAt, temporaryPlaces } from "./testing/temporary-machines.ts";

const program = fileURLToPath(new URL("testing/live-and-crash-loop.ts", import.meta.url));
const AT_ONCE = 3;

/** What the life acknowledged until it was killed at a point; all of it for point 0. */
async function liveUntil(places: MachinePlaces, point: number): Promise<readonly string[]> {
  const args = [program, dirname(places.machines), String(point)];
  const answer = await promisify(execFile)(process.execPath, args).catch(
    (error: { stdout: string; signal: string }) => {
      equal(error.signal, "SIGKILL", JSON.stringify(error));
      return error;
    },
  );
  return answer.stdout.trim().split("\n");
}

/** Which machines must be there after what was acknowledged, and which may be, half way through what was not. */
function expectedAfter(said: readonly string[]): { readonly must: readonly string[]; readonly may: readonly string[] } {
  const has = (word: string): boolean => said.includes(word);
  const must = [
    has("created") && "one",
    has("cloned") && !has("unsaved") && "two",
    has("forked") && "three",
    has("forked") && "four",
  ];
  const may = ["one", "three", "four", ...(has("removed") ? [] : ["two"])];
  return { must: must.filter((name) => name !== false), may };
}

async function checkPoint(context: TestContext, point: number): Promise<void> {
  const places = temporaryPlaces(context);
  const said = await liveUntil(places, point);
  using manager = managerAt(places);
  const { problems } = await manager.reconcile();
  deepEqual(problems, [], `point ${point}`);

  const machines = await manager.list();
  const names = machines.map(({ name }) => name);
  const { must, may } = expectedAfter(said);
  for (const name of must) ok(names.includes(name), `point ${point}: ${name} was acknowledged, and is lost`);
  for (const { name, state } of machines) {
    ok(may.includes(name), `point ${point}: ${name}`);
    ok(state === "running" || (name === "one" && state === "stopped"), `point ${point}: ${name} is ${state}`);
  }
  const ids = machines.map(({ id }) => String(id)).sort();
  const left = leftAt(places);
  deepEqual(left.folders, ids, `point ${point}: folders`);
  for (const id of [...left.sockets, ...left.processes]) ok(ids.includes(id), `point ${point}: ${id} is an orphan`);

  const one = machines.find(({ name }) => name === "one");
  if (one?.snapshots.length === 1) await manager.restore("one", "first");
  for (const name of names) await manager.remove(name);
  deepEqual(leftAt(places), { folders: [], sockets: [], processes: [] }, `point ${point}`);
  deepEqual(await manager.reconcile(), { adopted: [], removed: [], problems: [] });
}

test(
  "kill -9 at any point of a machine's life loses none that was acknowledged, and leaves none without an owner",
  { timeout: 300_000 },
  async (context) => {
    const whole = (await liveUntil(temporaryPlaces(context), 0)).at(-1) ?? "";
    const points = Number(/^(\d+) points$/.exec(whole)?.[1]);
    ok(points > 30, whole);
    context.diagnostic(`${points} points`);
    const waiting = Array.from({ length: points }, (_, index) => index + 1);
    const work = async (): Promise<void> => {
      for (let point = waiting.shift(); point !== undefined; point = waiting.shift()) await checkPoint(context, point);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  },
);
