import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PAGE_BYTES } from "../memory/page.ts";
import { RAM_BASE } from "../memory/layout.ts";
import { openSnapshotFile } from "../node/snapshot-file.ts";
import { type SnapshotFile, toSnapshotFile } from "./snapshot-file.ts";
import { TickingMachine } from "./testing/ticking-machine.ts";

const WHOLE = Infinity;
/** Far behind the program and its table. */
const FREE = RAM_BASE + 0x80_0000;

async function uninterrupted(): Promise<string> {
  const whole = await TickingMachine.create();
  await whole.runTo(WHOLE);
  return whole.output;
}

/** A file that counts what is read of it. */
function watched(bytes: Uint8Array): SnapshotFile & { taken: number; isClosed: boolean } {
  const file = toSnapshotFile(bytes);
  return {
    byteLength: file.byteLength,
    taken: 0,
    isClosed: false,
    read(offset, length) {
      this.taken += length;
      return file.read(offset, length);
    },
    close() {
      this.isClosed = true;
    },
  };
}

function fill({ machine: { parts } }: TickingMachine, page: number, count: number, value: number): void {
  parts.physical.writable(FREE + page * PAGE_BYTES, count * PAGE_BYTES)?.fill(value);
}

function look({ machine: { parts } }: TickingMachine, page: number): number | undefined {
  return parts.physical.readable(FREE + page * PAGE_BYTES, 1)?.[0];
}

test("of memory that is not compressed only what the machine looks at is read, until it is closed", async () => {
  const expected = await uninterrupted();
  const first = await TickingMachine.create();
  await first.runTo(9);
  fill(first, 0, 1000, 7);
  const file = watched(await first.machine.snapshot({ compress: false }));
  const second = await TickingMachine.create({}, file);
  ok(file.taken < file.byteLength / 10, `${file.taken} bytes were read before it ran`);
  second.output = first.output;
  await second.runTo(WHOLE);
  equal(second.output, expected);
  ok(file.taken < file.byteLength / 10, `${file.taken} bytes were read`);
  equal(look(second, 999), 7);
  equal(file.isClosed, false);
  second.machine.close();
  equal(file.isClosed, true);
});

test("files are closed at once where all was read, or they are refused", async () => {
  const { machine } = await TickingMachine.create();
  const compressed = watched(await machine.snapshot());
  await TickingMachine.create({}, compressed);
  equal(compressed.isClosed, true);
  for (const options of [{ memoryMib: 17 }, { rng: false }]) {
    const refused = watched(await machine.snapshot({ compress: false }));
    await rejects(TickingMachine.create(options, refused), { code: "snapshot_invalid" });
    equal(refused.isClosed, true);
  }
});

test("a machine that meets damaged memory fails, and does not go on with it", async () => {
  const first = await TickingMachine.create();
  await first.runTo(9);
  const file = await first.machine.snapshot({ compress: false });
  file.fill(0x55, file.length - 0x2000);
  const second = await TickingMachine.create({}, file);
  await rejects(second.runTo(WHOLE), { code: "machine_failed", message: /damaged in its section "memory"/ });
});

test("a delta has what changed, and goes on over the snapshots below it", async () => {
  const expected = await uninterrupted();
  for (const compress of [
    [false, false, false],
    [true, true, true],
    [true, false, true],
  ]) {
    const first = await TickingMachine.create();
    await first.runTo(5);
    fill(first, 0, 500, 1);
    const base = await first.machine.snapshot({ compress: compress[0] === true });
    await first.runTo(9);
    fill(first, 1, 1, 2);
    fill(first, 2, 1, 0);
    const middle = await first.machine.snapshot({ compress: compress[1] === true, delta: true });
    await first.runTo(14);
    fill(first, 1, 1, 3);
    const last = await first.machine.snapshot({ compress: compress[2] === true, delta: true });
    if (!compress.includes(true)) ok(last.length < base.length / 10, `${last.length} of ${base.length} bytes`);
    const second = await TickingMachine.create({}, [base, middle, last]);
    deepEqual(
      [0, 1, 2, 3].map((page) => look(second, page)),
      [1, 3, 0, 1],
    );
    second.output = first.output;
    await second.runTo(WHOLE);
    equal(second.output, expected);
  }
});

test("deltas go on over what a machine was restored from, also in another machine", async () => {
  const first = await TickingMachine.create();
  fill(first, 0, 10, 1);
  const base = await first.machine.snapshot({ compress: false });
  const second = await TickingMachine.create({}, base);
  fill(second, 3, 1, 9);
  const delta = await second.machine.snapshot({ compress: false, delta: true });
  const third = await TickingMachine.create({}, [base, delta]);
  deepEqual(
    [2, 3, 4].map((page) => look(third, page)),
    [1, 9, 1],
  );
  await first.machine.restore([base, delta]);
  equal(look(first, 3), 9);
});

test("a delta is refused without what it is over, and there is none without a snapshot", async () => {
  const { machine } = await TickingMachine.create();
  await rejects(machine.snapshot({ delta: true }), { code: "option_invalid", message: /take a whole one first/ });
  let random = 2;
  const other = await TickingMachine.create();
  other.machine.parts.options.host.random = (into): void => void into.fill(random++);
  const [base, delta, next] = [
    await other.machine.snapshot(),
    await other.machine.snapshot({ delta: true }),
    await other.machine.snapshot({ delta: true }),
  ];
  const cases = [
    [/is a delta: give the one below it/, [delta]],
    [/not one of the snapshot before it/, [base, next]],
    [/not one of the snapshot before it/, [base, base]],
    [/there are no files/, []],
    [/65 layers, more than 64/, Array.from({ length: 65 }, () => base)],
  ] as const;
  for (const [message, files] of cases)
    await rejects(TickingMachine.create({}, files), { code: "snapshot_invalid", message });
  await TickingMachine.create({}, [base, delta, next]);
});

test("a snapshot on disk is read after it was removed", async () => {
  const expected = await uninterrupted();
  const folder = mkdtempSync(join(tmpdir(), "cloister-snapshot-"));
  const path = join(folder, "snapshot");
  const first = await TickingMachine.create();
  await first.runTo(9);
  writeFileSync(path, await first.machine.snapshot({ compress: false }));
  const file = openSnapshotFile(path);
  rmSync(folder, { recursive: true });
  const second = await TickingMachine.create({}, file);
  second.output = first.output;
  await second.runTo(WHOLE);
  equal(second.output, expected);
  second.machine.close();
});

test("forks see the memory of the moment when they were made, whichever machine writes, forks or is closed first", async () => {
  const source = await TickingMachine.create();
  fill(source, 0, 4, 1);
  const child = TickingMachine.of(await source.machine.fork());
  fill(source, 0, 1, 2);
  fill(child, 1, 1, 3);
  const grandchild = TickingMachine.of(await child.machine.fork());
  fill(child, 2, 1, 4);
  fill(source, 3, 1, 5);
  deepEqual(
    [0, 1, 2, 3].map((page) => look(source, page)),
    [2, 1, 1, 5],
  );
  source.machine.close();
  deepEqual(
    [0, 1, 2, 3].map((page) => look(grandchild, page)),
    [1, 3, 1, 1],
  );
  deepEqual(
    [0, 1, 2, 3].map((page) => look(child, page)),
    [1, 3, 4, 1],
  );
});

test("a fork that was never run knows what its source held, after that has gone back to another state", async () => {
  const source = await TickingMachine.create();
  const empty = await source.machine.snapshot({ compress: false });
  fill(source, 0, 4, 1);
  const fork = TickingMachine.of(await source.machine.fork());
  await source.machine.restore(empty);
  deepEqual([look(source, 3), look(fork, 3)], [0, 1]);
});
