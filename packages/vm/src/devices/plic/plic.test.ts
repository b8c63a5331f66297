import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import { fuzzDevice } from "../../bus/testing/fuzz-device.ts";
import { createWire, type Wire } from "../../bus/testing/parts.ts";
import { createPlic, PLIC_WINDOW_BYTES, type Plic } from "./plic.ts";

const PENDING = 0x1000;
const MACHINE = { enable: 0x2000, threshold: 0x20_0000, claim: 0x20_0004 };
const SUPERVISOR = { enable: 0x2080, threshold: 0x20_1000, claim: 0x20_1004 };

type Subject = { readonly plic: Plic; readonly machine: Wire; readonly supervisor: Wire };

function create(): Subject {
  const machine = createWire();
  const supervisor = createWire();
  return { plic: createPlic({ name: "plic", contexts: [machine, supervisor] }), machine, supervisor };
}

/** A controller whose supervisor context has some sources on, with their priorities. */
function createFor(priorities: Readonly<Record<number, number>>): Subject {
  const subject = create();
  for (const [source, priority] of Object.entries(priorities)) {
    subject.plic.write(Number(source) * 4, 4, priority);
    const word = SUPERVISOR.enable + (Number(source) >>> 5) * 4;
    subject.plic.write(word, 4, subject.plic.read(word, 4) + 2 ** (Number(source) & 31));
  }
  return subject;
}

describe("the interrupt controller", () => {
  test("tells the context that has the source on, until it is claimed", () => {
    const { plic, machine, supervisor } = createFor({ 40: 1 });
    plic.line(40).set(true);
    deepEqual([machine.high, supervisor.high], [false, true]);
    equal(plic.read(PENDING + 4, 4), 1 << 8);
    equal(plic.read(SUPERVISOR.claim, 4), 40);
    deepEqual([supervisor.high, plic.read(PENDING + 4, 4), plic.read(SUPERVISOR.claim, 4)], [false, 0, 0]);
  });

  test("asks again on completion while the wire is high, and not once it is low", () => {
    const { plic, supervisor } = createFor({ 3: 1 });
    const line = plic.line(3);
    line.set(true);
    plic.read(SUPERVISOR.claim, 4);
    plic.write(SUPERVISOR.claim, 4, 3);
    equal(supervisor.high, true);
    plic.read(SUPERVISOR.claim, 4);
    line.set(false);
    plic.write(SUPERVISOR.claim, 4, 3);
    equal(supervisor.high, false);
  });

  test("holds back a source while it is served, and other sources not", () => {
    const { plic, supervisor } = createFor({ 3: 1, 4: 1 });
    plic.line(3).set(true);
    equal(plic.read(SUPERVISOR.claim, 4), 3);
    plic.line(3).set(false);
    plic.line(3).set(true);
    equal(supervisor.high, false);
    plic.line(4).set(true);
    deepEqual([supervisor.high, plic.read(SUPERVISOR.claim, 4), plic.read(SUPERVISOR.claim, 4)], [true, 4, 0]);
  });

  test("keeps a request whose wire fell before the claim", () => {
    const { plic, supervisor } = createFor({ 3: 1 });
    plic.line(3).set(true);
    plic.line(3).set(false);
    deepEqual([supervisor.high, plic.read(SUPERVISOR.claim, 4)], [true, 3]);
  });

  test("serves the highest priority first, and the lowest number among equals", () => {
    const { plic } = createFor({ 1: 2, 2: 7, 33: 7, 95: 3, 50: 0 });
    for (const source of [1, 2, 33, 95, 50]) plic.line(source).set(true);
    const claims = Array.from({ length: 5 }, () => plic.read(SUPERVISOR.claim, 4));
    deepEqual(claims, [2, 33, 95, 1, 0]);
  });

  test("is silent up to the threshold, while a claim still finds the source", () => {
    const { plic, supervisor } = createFor({ 5: 3 });
    plic.write(SUPERVISOR.threshold, 4, 3);
    plic.line(5).set(true);
    equal(supervisor.high, false);
    plic.write(SUPERVISOR.threshold, 4, 2);
    equal(supervisor.high, true);
    plic.write(SUPERVISOR.threshold, 4, 7);
    equal(plic.read(SUPERVISOR.claim, 4), 5);
  });

  test("ignores the completion of a source that the context has not on", () => {
    const { plic, supervisor } = createFor({ 3: 1 });
    plic.line(3).set(true);
    plic.read(SUPERVISOR.claim, 4);
    for (const source of [0, 4, 96, 0xffff_ffff]) plic.write(SUPERVISOR.claim, 4, source);
    plic.write(MACHINE.claim, 4, 3);
    equal(supervisor.high, false);
    plic.write(SUPERVISOR.claim, 4, 3);
    equal(supervisor.high, true);
  });

  test("has three bits of priority, no source 0, and no 96th", () => {
    const { plic } = create();
    for (const source of [0, 1, 95, 96]) plic.write(source * 4, 4, 0xffff_ffff);
    deepEqual(
      [0, 1, 95, 96].map((source) => plic.read(source * 4, 4)),
      [0, 7, 7, 0],
    );
    for (const word of [0, 4, 8, 12]) plic.write(MACHINE.enable + word, 4, 0xffff_ffff);
    deepEqual(
      [0, 4, 8, 12].map((word) => plic.read(MACHINE.enable + word, 4)),
      [0xffff_fffe, 0xffff_ffff, 0xffff_ffff, 0],
    );
  });

  test("forgets everything on reset", () => {
    const { plic, supervisor } = createFor({ 3: 1 });
    const fresh = create().plic.save();
    plic.line(3).set(true);
    plic.reset();
    equal(supervisor.high, false);
    deepEqual(plic.save(), fresh);
  });

  test("refuses the state of something else", () => {
    const { plic } = create();
    throws(() => plic.restore({ ...plic.save(), thresholds: Uint8Array.of(1) }), { code: "snapshot_invalid" });
  });

  test("outlives any guest, and goes on from a saved state", () =>
    fuzzDevice({
      windowBytes: PLIC_WINDOW_BYTES,
      registers: [4, 8, 12, 380, PENDING, PENDING + 8, 0x2000, 0x2080, 0x2088, ...Object.values(SUPERVISOR), 0x200004],
      create: ({ wire }) => createPlic({ name: "plic", contexts: [createWire(), wire] }),
      stimulate: (device, value) => (device as Plic).line(1 + (value % 95)).set(value % 3 !== 0),
    }));
});
