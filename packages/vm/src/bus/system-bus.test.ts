import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import { VmError } from "../error.ts";
import type { BusDevice, DeviceState } from "./port.ts";
import { createSystemBus } from "./system-bus.ts";

type Recorder = BusDevice & { readonly accesses: (readonly [string, number, number, number])[] };

/** Answers with its offset in every byte, and remembers what it was asked. */
function createRecorder(name: string): Recorder {
  const accesses: [string, number, number, number][] = [];
  let state: DeviceState = { resets: 0 };
  return {
    name,
    accesses,
    read(offset, size) {
      const value = (offset * 0x0101_0101) % 2 ** (8 * size);
      accesses.push(["read", offset, size, value]);
      return value;
    },
    write: (offset, size, value) => accesses.push(["write", offset, size, value]),
    reset: () => (state = { resets: 1 }),
    save: () => state,
    restore: (saved) => (state = saved),
  };
}

const one = createRecorder("one");
const two = createRecorder("two");
const bus = createSystemBus({
  devices: [
    { device: two, base: 0x2000, sizeBytes: 0x20 },
    { device: one, base: 0x1000, sizeBytes: 0x100 },
  ],
});
const view = new DataView(new ArrayBuffer(16));

describe("the bus", () => {
  test("reads 1, 2 and 4 bytes at once, little-endian, and touches no more of the view", () => {
    for (const size of [1, 2, 4] as const) {
      view.setBigUint64(0, 0xeeee_eeee_eeee_eeeen);
      equal(bus.read(0x1010, size, view, 0), true);
      const expected = "10".repeat(size).padEnd(16, "e");
      equal(Buffer.from(view.buffer, 0, 8).toString("hex"), expected);
    }
  });

  test("splits 8 bytes into two of four, the lower first", () => {
    one.accesses.length = 0;
    view.setBigUint64(8, 0x1122_3344_5566_7788n, true);
    equal(bus.write(0x1008, 8, view, 8), true);
    equal(bus.read(0x1008, 8, view, 0), true);
    deepEqual(one.accesses, [
      ["write", 8, 4, 0x5566_7788],
      ["write", 12, 4, 0x1122_3344],
      ["read", 8, 4, 0x0808_0808],
      ["read", 12, 4, 0x0c0c_0c0c],
    ]);
    equal(view.getBigUint64(0, true), 0x0c0c_0c0c_0808_0808n);
  });

  const refused: readonly (readonly [string, number, 1 | 2 | 4 | 8])[] = [
    ["below every window", 0xfff, 1],
    ["between two windows", 0x1100, 4],
    ["above every window", 0x2020, 8],
    ["far away", 2 ** 52, 8],
    ["where a read is misaligned", 0x1002, 4],
  ];
  for (const [where, address, size] of refused) {
    test(`answers no access ${where}`, () => {
      equal(bus.read(0x1000, 1, view, 0), true);
      equal(bus.read(address, size, view, 0), false);
      equal(bus.write(address, size, view, 0), false);
    });
  }

  test("goes from one device to the next and back", () => {
    for (const [device, address] of [
      [one, 0x1000],
      [two, 0x2018],
      [one, 0x10f8],
    ] as const) {
      device.accesses.length = 0;
      equal(bus.read(address, 4, view, 0), true);
      equal(device.accesses.length, 1);
    }
  });

  test("resets, saves and restores every device by name", () => {
    bus.reset();
    const saved = bus.save();
    deepEqual(saved, { one: { resets: 1 }, two: { resets: 1 } });
    bus.restore({ one: { resets: 5 }, two: { resets: 6 } });
    deepEqual(bus.save(), { one: { resets: 5 }, two: { resets: 6 } });
    throws(() => bus.restore({ one: {} }), { name: "VmError", code: "snapshot_invalid", message: /"two"/ });
  });

  const misfits: readonly (readonly [string, number, number, string, RegExp])[] = [
    ["overlap", 0x10f8, 8, "three", /overlaps/],
    ["share a name", 0x3000, 8, "one", /two devices are named one/],
    ["are not aligned", 0x3004, 8, "three", /multiples of 8/],
    ["have no whole registers", 0x3000, 4, "three", /multiples of 8/],
    ["are empty", 0x3000, 0, "three", /multiples of 8/],
  ];
  for (const [what, base, sizeBytes, name, message] of misfits) {
    test(`refuses windows that ${what}`, () => {
      const devices = [
        { device: one, base: 0x1000, sizeBytes: 0x100 },
        { device: createRecorder(name), base, sizeBytes },
      ];
      throws(
        () => createSystemBus({ devices }),
        (error: unknown) => error instanceof VmError && error.code === "option_invalid" && message.test(error.message),
      );
    });
  }
});
