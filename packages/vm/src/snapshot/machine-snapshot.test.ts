import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { createMemoryDisk } from "../disk/memory-disk.ts";
import { createOverlayDisk } from "../disk/overlay-disk.ts";
import { createMachine } from "../machine/create-machine.ts";
import type { MachineOptions } from "../machine/options.ts";
import type { ExecutionMode } from "../processor/processor.ts";
import { NODE_CODECS } from "../node/block-codecs.ts";
import { nodeHost } from "../node/host.ts";
import { captureState } from "./machine-state.ts";
import { packState, writeSnapshot } from "./write-snapshot.ts";
import { InstructionTime, TickingMachine } from "./testing/ticking-machine.ts";

const WHOLE = Infinity;

async function uninterrupted(mode: ExecutionMode): Promise<string> {
  const whole = await TickingMachine.create({ mode });
  deepEqual(await whole.runTo(WHOLE), { kind: "power_off" });
  return whole.output;
}

/** What the program itself printed: digits, and what comes behind them in ASCII. */
const digits = (output: string): string => output.replaceAll(/[a-z]/gu, "");
const letters = (output: string): string => output.replaceAll(/[^a-z]/gu, "");

/** Runs the program in several machines, each from the snapshot of the one before. */
async function relay(modes: readonly ExecutionMode[], compress: boolean): Promise<string> {
  let output = "";
  let snapshot: Uint8Array | undefined;
  for (const [leg, mode] of modes.entries()) {
    const runner = await TickingMachine.create({ mode }, snapshot);
    const end = await runner.runTo(leg === modes.length - 1 ? WHOLE : 9);
    equal(end.kind, leg === modes.length - 1 ? "power_off" : "paused");
    if (end.kind === "paused") snapshot = await runner.machine.snapshot({ compress });
    output += runner.output;
  }
  return output;
}

test("a program that was moved from machine to machine by snapshots prints what it prints in one", async () => {
  const expected = await uninterrupted("interpreter");
  equal(digits(expected).length, 40);
  ok(letters(expected).length > 10);
  for (const compress of [true, false])
    equal(await relay(["interpreter", "interpreter", "interpreter", "interpreter"], compress), expected);
});

test("it goes on in another mode than it was saved in", async () => {
  const expected = await uninterrupted("interpreter");
  for (const modes of [
    ["region", "region", "region"],
    ["interpreter", "region", "block"],
    ["region", "interpreter"],
  ] as const) {
    const output = await relay(modes, true);
    equal(digits(output), digits(expected), modes.join());
    // Interrupts come at other instructions, but none is lost, and none comes twice.
    ok("abcdefghijklmnopqrstuvwxyz".repeat(20).startsWith(letters(output)), output);
  }
});

test("a machine goes back to its own snapshot, whatever it wrote since", async () => {
  const expected = await uninterrupted("interpreter");
  const runner = await TickingMachine.create();
  await runner.runTo(9);
  const before = runner.output;
  const snapshot = await runner.machine.snapshot();
  await runner.runTo(30);
  await runner.machine.restore(snapshot);
  runner.output = before;
  await runner.runTo(WHOLE);
  equal(runner.output, expected);
});

test("a restored machine saves to the same snapshot", async () => {
  const first = await TickingMachine.create();
  await first.runTo(9);
  const snapshot = await first.machine.snapshot();
  const second = await TickingMachine.create({}, snapshot);
  deepEqual(await second.machine.snapshot(), snapshot);
});

test("a running machine is saved between two slices, and runs on", async () => {
  const expected = await uninterrupted("interpreter");
  const runner = await TickingMachine.create();
  const run = runner.machine.run();
  const snapshot = await runner.machine.snapshot();
  deepEqual(await run, { kind: "power_off" });
  equal(runner.output, expected);
  const second = await TickingMachine.create({}, snapshot);
  await second.runTo(WHOLE);
  ok(second.output.length > 0 && expected.endsWith(second.output));
});

test("of a machine that is powered off there is no snapshot, and no fork", async () => {
  const { machine } = await TickingMachine.create();
  await machine.run();
  await rejects(machine.snapshot(), { code: "machine_failed", message: /powered off/ });
  await rejects(machine.fork(), { code: "machine_failed", message: /powered off/ });
});

test("a fork goes on from where the other is, and neither sees what the other does", async () => {
  const expected = await uninterrupted("interpreter");
  const runner = await TickingMachine.create();
  await runner.runTo(9);
  const host = new InstructionTime();
  const fork = await runner.machine.fork({ host });
  host.machine = fork as typeof runner.machine;
  let output = runner.output;
  fork.console.onData((bytes) => (output += Buffer.from(bytes).toString()));
  await fork.run();
  equal(output, expected);
  await runner.runTo(WHOLE);
  equal(runner.output, expected);
});

test("a fork shares neither disks that can be written nor cables", async () => {
  const base = createMemoryDisk(new Uint8Array(1 << 20), { readOnly: true });
  const overlay = createOverlayDisk(base);
  overlay.write(70_000, Uint8Array.of(7));
  const { machine } = await TickingMachine.create({ drives: [overlay] });
  await rejects(machine.fork(), { code: "option_invalid", message: /drives/ });
  const own = createOverlayDisk(base);
  await machine.fork({ drives: [own] });
  deepEqual(own.changedClusters, [1]);
  own.write(70_000, Uint8Array.of(8));
  const byte = new Uint8Array(1);
  overlay.read(70_000, byte);
  equal(byte[0], 7);
  const cable = { send: () => undefined, receive: () => undefined };
  const wired = await TickingMachine.create({ network: { link: cable } });
  await rejects(wired.machine.fork(), { code: "option_invalid", message: /network/ });
});

test("a snapshot is refused by a machine of other parts, which are named", async () => {
  const disk = (bytes: number): NonNullable<MachineOptions["drives"]>[number] =>
    createMemoryDisk(new Uint8Array(bytes));
  const { machine } = await TickingMachine.create({ drives: [disk(4096)], driveIds: ["system"] });
  const snapshot = await machine.snapshot();
  const same = { drives: [disk(4096)], driveIds: ["system"] };
  const cases: readonly (readonly [RegExp, Partial<MachineOptions>])[] = [
    [/has 16 MiB of memory, the machine 17/, { ...same, memoryMib: 17 }],
    [/has virtio0 \(disk\), virtio1 \(entropy source\) where the machine has virtio0 \(entropy source\)/, {}],
    [/virtio1 \(entropy source\) where the machine has virtio1 \(empty\)/, { ...same, rng: false }],
    [/has virtio2 \(empty\) where the machine has virtio2 \(balloon\)/, { ...same, balloon: true }],
    [/has as drive 0 "system" of 4096 bytes, the machine "system" of 8192 bytes/, { ...same, drives: [disk(8192)] }],
    [/has as drive 0 "system" of 4096 bytes, the machine "other"/, { ...same, driveIds: ["other"] }],
    [/the machine an overlay over "system"/, { ...same, drives: [createOverlayDisk(disk(4096))] }],
  ];
  for (const [message, options] of cases)
    await rejects(TickingMachine.create(options, snapshot), { code: "snapshot_invalid", message }, String(message));
  await TickingMachine.create(same, snapshot);
});

test("a machine is made from a snapshot alone, of the memory that it had", async () => {
  const runner = await TickingMachine.create();
  await runner.runTo(9);
  const snapshot = await runner.machine.snapshot();
  const machine = await createMachine({ host: nodeHost(), snapshot });
  let output = "";
  machine.console.onData((bytes) => (output += Buffer.from(bytes).toString()));
  deepEqual(await machine.run(), { kind: "power_off" });
  equal(digits(runner.output + output), digits(await uninterrupted("interpreter")));
  machine.close();
});

test("pages that are zero again are not saved, and are zero after going back", async () => {
  const runner = await TickingMachine.create();
  const { physical } = runner.machine.parts;
  const address = physical.base + physical.sizeBytes / 2;
  const page = (): Uint8Array => physical.writable(address, 4096) ?? new Uint8Array(0);
  const empty = await runner.machine.snapshot({ compress: false });
  page().fill(7);
  const full = await runner.machine.snapshot({ compress: false });
  equal(full.length > empty.length, true);
  page().fill(0);
  equal((await runner.machine.snapshot({ compress: false })).length, empty.length);
  page().fill(9);
  await runner.machine.restore(empty);
  deepEqual(page().slice(), new Uint8Array(4096));
});

test("a machine that refused a snapshot goes on as if nothing had happened", async () => {
  const other = await TickingMachine.create({ rng: false });
  const snapshot = await other.machine.snapshot();
  const runner = await TickingMachine.create();
  await runner.runTo(9);
  await rejects(runner.machine.restore(snapshot), { code: "snapshot_invalid" });
  await runner.runTo(WHOLE);
  equal(runner.output, await uninterrupted("interpreter"));
});

test("where a device does not take its state, the machine is powered off, and starts anew", async () => {
  const runner = await TickingMachine.create();
  await runner.runTo(9);
  const state = captureState(runner.machine.parts);
  const devices = { ...state.devices, uart0: { received: Uint8Array.of(1) } };
  const snapshot = await writeSnapshot(
    packState({ ...state, devices }, { id: new Uint8Array(16), compress: true }),
    { codecs: NODE_CODECS },
    true,
  );
  await rejects(runner.machine.restore(snapshot), { code: "snapshot_invalid", message: /uart|interruptEnable/ });
  await rejects(runner.machine.snapshot(), { code: "machine_failed" });
  runner.output = "";
  await runner.runTo(WHOLE);
  equal(digits(runner.output), digits(await uninterrupted("interpreter")));
});
