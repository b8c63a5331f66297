import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { fuzzDevice } from "../../bus/testing/fuzz-device.ts";
import { createManualClock, createWire, type ManualClock, type Wire } from "../../bus/testing/parts.ts";
import { ACLINT_WINDOW_BYTES, type Aclint, createAclint } from "./aclint.ts";

const MTIMECMP = 0x4000;
const MTIME = 0xbff8;

type Subject = { readonly aclint: Aclint; readonly clock: ManualClock; readonly timer: Wire; readonly software: Wire };

function create(start: number = 0): Subject {
  const [clock, timer, software] = [createManualClock(start), createWire(), createWire()];
  return { aclint: createAclint({ name: "aclint", clock, timer, software }), clock, timer, software };
}

function read64(aclint: Aclint, offset: number): bigint {
  return BigInt(aclint.read(offset, 4)) + (BigInt(aclint.read(offset + 4, 4)) << 32n);
}

function write64(aclint: Aclint, offset: number, value: bigint): void {
  aclint.write(offset, 4, Number(value & 0xffff_ffffn));
  aclint.write(offset + 4, 4, Number(value >> 32n));
}

describe("the machine timer", () => {
  test("ticks ten million times a second", () => {
    const { aclint, clock } = create();
    clock.advance(199);
    equal(read64(aclint, MTIME), 1n);
    clock.advance(1e9);
    deepEqual([read64(aclint, MTIME), aclint.ticks()], [10_000_001n, 10_000_001]);
  });

  test("never fires before it is set", () => {
    const { clock, timer, aclint } = create();
    clock.advance(1e15);
    deepEqual([timer.high, read64(aclint, MTIMECMP)], [false, 2n ** 64n - 1n]);
  });

  test("fires at the tick it is set to, not before, and falls when set anew", () => {
    const { aclint, clock, timer } = create(50);
    write64(aclint, MTIMECMP, 10n);
    clock.advance(949);
    equal(timer.high, false);
    clock.advance(1);
    deepEqual([timer.high, aclint.ticks()], [true, 10]);
    write64(aclint, MTIMECMP, 20n);
    equal(timer.high, false);
    clock.advance(1000);
    equal(timer.high, true);
  });

  test("fires at once for a time that is past, and waits for one thing only", () => {
    const { aclint, clock, timer } = create(10_000);
    write64(aclint, MTIMECMP, 100n);
    deepEqual([timer.high, clock.waiting()], [true, 0]);
    for (let time = 200n; time < 300n; time++) write64(aclint, MTIMECMP, time);
    equal(clock.waiting(), 1);
  });

  test("follows the guest that sets its time, forward and back", () => {
    const { aclint, clock, timer } = create(123_456_789);
    write64(aclint, MTIMECMP, 2n ** 40n + 5n);
    write64(aclint, MTIME, 2n ** 40n);
    deepEqual([read64(aclint, MTIME), timer.high], [2n ** 40n, false]);
    clock.advance(500);
    equal(timer.high, true);
    write64(aclint, MTIME, 0n);
    deepEqual([read64(aclint, MTIME), timer.high], [0n, false]);
  });

  test("keeps 53 bits of the time that is set, and wraps around", () => {
    const { aclint, clock } = create();
    write64(aclint, MTIME, 2n ** 64n - 1n);
    equal(read64(aclint, MTIME), 2n ** 53n - 1n);
    clock.advance(200);
    equal(read64(aclint, MTIME), 1n);
  });

  test("is read as of one moment, though time goes on between the halves", () => {
    const { aclint, clock } = create();
    write64(aclint, MTIME, 2n ** 32n - 1n);
    const low = aclint.read(MTIME, 4);
    clock.advance(100);
    deepEqual([low, aclint.read(MTIME + 4, 4), aclint.read(MTIME + 4, 4)], [2 ** 32 - 1, 0, 1]);
  });
});

describe("the ACLINT", () => {
  test("raises the software interrupt by bit 0 alone", () => {
    const { aclint, software } = create();
    aclint.write(0, 4, 0xffff_fffe);
    equal(software.high, false);
    aclint.write(0, 4, 0xffff_ffff);
    deepEqual([software.high, aclint.read(0, 4)], [true, 1]);
    aclint.write(0, 4, 0);
    equal(software.high, false);
  });

  test("lowers its wires and stops waiting on reset", () => {
    const { aclint, software, timer, clock } = create(1000);
    aclint.write(0, 4, 1);
    write64(aclint, MTIMECMP, 1n);
    aclint.reset();
    deepEqual([software.high, timer.high, clock.waiting()], [false, false, 0]);
  });

  for (const wired of ["timer", "software"] as const) {
    test(`outlives any guest, and goes on from a saved state (${wired})`, () =>
      fuzzDevice({
        windowBytes: ACLINT_WINDOW_BYTES,
        registers: [0, 4, MTIMECMP, MTIMECMP + 4, MTIMECMP + 8, MTIME, MTIME + 4],
        create: ({ clock, wire }) =>
          createAclint({ name: "aclint", clock, timer: createWire(), software: createWire(), [wired]: wire }),
      }));
  }
});
