/** Whether anything is lost by pausing, saving and going back, many times over: file hashes, and a counter that runs all along. */
import { hash, randomBytes } from "node:crypto";
import type { OpenMachine } from "@cloister/engine/machines";
import type { Measurement } from "../measurement.ts";
import { COUNTS } from "./counts.ts";
import { type Place, runShell, smallMachine } from "./place.ts";
import { alone, repeat, timed } from "./timing.ts";

const NAME = "cycles";
const FILE_BYTES = 20_000;
const ADVANCE_MS = 30_000;
/** Counts in a file that is in memory alone; each value is whole, for it is renamed into place. */
const COUNT =
  "i=$(cat /tmp/count 2>/dev/null || echo 0); while :; do i=$((i+1)); echo $i >/tmp/next; mv /tmp/next /tmp/count; usleep 20000; done";
const DAMAGE = "rm -f /root/kept-*; echo wrong >/root/kept-wrong; sync; echo 0 >/tmp/count";

/** Files that were put into a machine, with their hashes. */
type Kept = Map<string, string>;
type Cycle = (place: Place, kept: Kept, index: number) => Promise<number>;

/** Measures them: 0 bytes may be lost. */
export async function measureCycles(place: Place): Promise<Measurement[]> {
  const { cycles, diskCycles } = COUNTS;
  return [
    ...(await measureCycle(place, `${cycles} times paused and gone on`, cycles, pauseAndGoOn)),
    ...(await measureCycle(place, `${cycles} times saved and gone back, with memory`, cycles, saveAndGoBack("full"))),
    ...(await measureCycle(
      place,
      `${diskCycles} times saved and gone back, disk alone`,
      diskCycles,
      saveAndGoBack("disk"),
    )),
  ];
}

async function measureCycle(place: Place, what: string, count: number, cycle: Cycle): Promise<Measurement[]> {
  await place.manager.create(smallMachine("qemu", NAME));
  const kept: Kept = new Map();
  const { ms, value } = await timed(() => repeat(count, (index) => cycle(place, kept, index)));
  await place.manager.remove(NAME);
  const lost = value.reduce((sum, bytes) => sum + bytes, 0);
  const none = { of: "cloister", p50: 0 } as const;
  return [
    { name: `Virtual machine ${what}: bytes lost`, unit: "bytes", peer: "", rounds: alone(lost), target: none },
    { name: `Virtual machine ${what}: all of it, with its checks`, unit: "s", peer: "", rounds: alone(ms / 1000) },
  ];
}

const pauseAndGoOn: Cycle = async ({ manager }, kept, index) => {
  await using machine = await manager.open(NAME);
  const counter = startCounter(machine);
  await keepFile(machine, kept, index);
  const before = await countAbove(machine, 0);
  await manager.pause(NAME);
  await manager.resume(NAME);
  const lost = (await lostBytes(machine, kept)) + (await countLost(machine, before));
  await countAbove(machine, before);
  counter.kill();
  await counter.exit;
  return lost;
};

/** What is done after the snapshot must be undone, and nothing of what was before it. */
const saveAndGoBack =
  (kind: "full" | "disk"): Cycle =>
  async ({ manager }, kept, index) => {
    const machine = await manager.open(NAME);
    const counter = startCounter(machine);
    await keepFile(machine, kept, index);
    const before = await countAbove(machine, 0);
    await manager.snapshot(NAME, `cycle-${index}`, kind);
    counter.kill();
    await counter.exit;
    await runShell(machine, DAMAGE);
    await machine[Symbol.asyncDispose]();
    await manager.restore(NAME, `cycle-${index}`);
    await using back = await manager.open(NAME);
    const lost = (await lostBytes(back, kept)) + (kind === "full" ? await countLost(back, before) : 0);
    await manager.removeSnapshot(NAME, `cycle-${index}`);
    return lost;
  };

function startCounter({ guest, env }: OpenMachine): ReturnType<typeof guest.exec> {
  return guest.exec({ argv: ["/bin/sh", "-c", COUNT], env });
}

async function keepFile({ guest }: OpenMachine, kept: Kept, index: number): Promise<void> {
  const content = randomBytes(FILE_BYTES);
  const path = `/root/kept-${index}`;
  kept.set(path, hash("sha256", content));
  await guest.putFile(path, oneChunk(content));
}

async function* oneChunk(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

/** Bytes of files that are missing, are others than they were, or should not be there. */
async function lostBytes(machine: OpenMachine, kept: Kept): Promise<number> {
  const lines = (await runShell(machine, "sha256sum /root/kept-* || true")).split("\n");
  const found = new Map(lines.map((line) => line.split(/ +/).toReversed() as [path: string, digest: string]));
  const paths = new Set([...kept.keys(), ...found.keys()]);
  return [...paths].filter((path) => kept.get(path) !== found.get(path)).length * FILE_BYTES;
}

/** 1 where the counter has gone back: its memory is not what it was. */
async function countLost(machine: OpenMachine, before: number): Promise<number> {
  return (await countIn(machine)) < before ? 1 : 0;
}

async function countIn(machine: OpenMachine): Promise<number> {
  return Number(await runShell(machine, "cat /tmp/count 2>/dev/null || echo 0"));
}

/** Waits until the counter has gone on. @returns what it says then */
async function countAbove(machine: OpenMachine, before: number): Promise<number> {
  const deadline = performance.now() + ADVANCE_MS;
  for (;;) {
    const count = await countIn(machine);
    if (count > before) return count;
    if (performance.now() > deadline) throw new Error(`The counter stands still at ${count}.`);
  }
}
