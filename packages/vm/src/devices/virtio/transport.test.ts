import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceState } from "../../bus/port.ts";
import { gatherBytes, scatterBytes } from "./buffers.ts";
import { MMIO } from "./mmio.ts";
import { CHAIN_BYTES_MAX, hasFeature, toFeatures, type VirtioDevice, type VirtioHost } from "./port.ts";
import { stateNumber, stateOf } from "./state.ts";
import { TEST_RAM_BASE, TestDriver } from "./testing/driver.ts";
import { STATUS } from "./transport.ts";

/** Gives back what it was sent, in capitals. */
class Shouter implements VirtioDevice {
  readonly deviceId = 42;
  readonly features = toFeatures([5, 40]);
  readonly queueCount = 2;
  readonly queueSize = 8;
  readonly config = Uint8Array.from([1, 2, 3, 4, 5, 6]);
  written: [number, number, number][] = [];
  served = 0;
  holding = false;
  host: VirtioHost | undefined;

  connect(host: VirtioHost): void {
    this.host = host;
  }

  writeConfig(offset: number, size: number, value: number): void {
    this.written.push([offset, size, value]);
  }

  notify(index: number): void {
    const queue = this.host?.queue(index);
    while (!this.holding) {
      const chain = queue?.pop();
      if (chain === undefined) return;
      this.served++;
      const text = gatherBytes(chain.readable, 0, 1024).map((byte) => byte & ~0x20);
      queue?.push(chain, scatterBytes(chain.writable, 0, text));
    }
  }

  reset(): void {
    this.served = 0;
  }

  save(): DeviceState {
    return { served: this.served };
  }

  restore(state: DeviceState): void {
    this.served = stateNumber(state, "served");
  }
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const shown = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function start(without = 0): { device: Shouter; driver: TestDriver } {
  const device = new Shouter();
  const driver = new TestDriver(device);
  driver.start(without);
  return { device, driver };
}

const EVENT_INDEX = 1 << 29;
const INDIRECT = 1 << 28;

test("the registers say what the device is", () => {
  const driver = new TestDriver(new Shouter());
  assert.equal(driver.read(MMIO.magic), 0x74726976);
  assert.equal(driver.read(MMIO.version), 2);
  assert.equal(driver.read(MMIO.deviceId), 42);
  assert.deepEqual(driver.offered(), { low: (EVENT_INDEX | INDIRECT | (1 << 5)) >>> 0, high: 0x101 });
  assert.equal(driver.read(MMIO.sharedMemoryLengthLow), 0xffffffff);
  assert.equal(driver.device.read(MMIO.magic, 1), 0, "registers are read by words");
});

for (const [name, without] of [
  ["with all features", 0],
  ["without event indices", EVENT_INDEX],
  ["without indirect descriptors", INDIRECT],
] as const) {
  test(`buffers go to the device and back ${name}`, () => {
    const { device, driver } = start(without);
    for (let round = 0; round < 100; round++) {
      const back = driver.exchange(round & 1, [text("hello "), text("you"), 4, 16]);
      assert.deepEqual([back.written, shown(back.bytes)], [9, "HELLO\0YOU"]);
    }
    assert.equal(device.served, 100);
    assert.equal(driver.interruptHigh, true);
    driver.write(MMIO.interruptAcknowledge, 1);
    assert.equal(driver.interruptHigh, false);
  });
}

test("a driver that asks for no interrupt gets none", () => {
  const { driver } = start(EVENT_INDEX);
  driver.view(driver.queueBase(0) + 0x2000, 2).setUint16(0, 1, true);
  driver.exchange(0, [text("a"), 1]);
  assert.equal(driver.interrupts, 0);
});

test("an event index says at which buffer the driver wants an interrupt, and when the device wants a notification", () => {
  const { driver } = start();
  const usedEvent = driver.view(driver.queueBase(0) + 0x2004 + 16, 2);
  usedEvent.setUint16(0, 2, true);
  for (const [expected, round] of [0, 0, 1].entries()) {
    driver.exchange(0, [text("a"), 1]);
    assert.equal(driver.interrupts, round, `after buffer ${expected}`);
    assert.equal(driver.view(driver.queueBase(0) + 0x3004 + 64, 2).getUint16(0, true), expected + 1);
  }
});

test("indices of rings go round", () => {
  const { device, driver } = start();
  for (let round = 0; round < 0x1_0010; round++) driver.exchange(0, [text("a"), 1]);
  assert.equal(device.served, 0x1_0010);
  assert.equal(driver.broken, false);
});

test("an indirect table stands for its descriptors, also behind a direct one", () => {
  const { driver } = start();
  const table = TEST_RAM_BASE + 0x20_0000;
  const write = (at: number, fields: readonly [address: number, length: number, flags: number, next: number]): void => {
    const view = driver.view(at, 16);
    view.setBigUint64(0, BigInt(fields[0]), true);
    view.setUint32(8, fields[1], true);
    view.setUint16(12, fields[2], true);
    view.setUint16(14, fields[3], true);
  };
  driver.memory.bytes.set(text("abcd"), 0x30_0000);
  write(table, [TEST_RAM_BASE + 0x30_0000, 4, 1, 1]);
  write(table + 16, [TEST_RAM_BASE + 0x30_0100, 8, 2, 0]);
  driver.offer(0, [text("x"), text("y")], false);
  write(driver.queueBase(0) + 16, [table, 32, 4, 0]);
  driver.write(MMIO.queueNotify, 0);
  assert.equal(driver.take(0)?.written, 5);
  assert.equal(shown(driver.memory.bytes.subarray(0x30_0100, 0x30_0105)), "XABCD");
});

test("features that were not offered, or no version 1, are not agreed on", () => {
  for (const [low, high] of [
    [1, 1],
    [0, 0],
    [0, 3],
  ] as const) {
    const driver = new TestDriver(new Shouter());
    driver.write(MMIO.driverFeatures, low);
    driver.write(MMIO.driverFeaturesSelect, 1);
    driver.write(MMIO.driverFeatures, high);
    driver.write(MMIO.status, STATUS.acknowledge | STATUS.driver | STATUS.featuresOk | STATUS.driverOk);
    assert.equal(driver.read(MMIO.status), STATUS.acknowledge | STATUS.driver);
  }
});

test("the device sees the features that were agreed on, and not one more", () => {
  const { device } = start(1 << 5);
  assert.ok(device.host !== undefined);
  assert.equal(hasFeature(device.host.features, 5), false);
  assert.equal(hasFeature(device.host.features, 40), true);
});

test("the configuration space is read and written in any size within its bounds", () => {
  const { device, driver } = start();
  assert.equal(driver.read(MMIO.config), 0x04030201);
  assert.equal(driver.device.read(MMIO.config + 4, 2), 0x0605);
  assert.equal(driver.read(MMIO.config + 4), 0x0605);
  assert.equal(driver.device.read(0xffc, 4), 0);
  driver.device.write(MMIO.config + 2, 1, 7);
  driver.device.write(MMIO.config + 4, 4, 7);
  assert.deepEqual(device.written, [[2, 1, 7]]);
  device.host?.configChanged();
  assert.equal(driver.read(MMIO.configGeneration), 1);
  assert.equal(driver.read(MMIO.interruptStatus), 2);
});

type Damage = (driver: TestDriver, base: number) => void;
const descriptor =
  (at: number, field: number, value: number, size: 2 | 4): Damage =>
  (driver, base) => {
    const view = driver.view(base + at * 16 + field, size);
    if (size === 2) view.setUint16(0, value, true);
    else view.setUint32(0, value, true);
  };

const damages: readonly (readonly [string, Damage])[] = [
  ["a loop", descriptor(1, 12, 3, 2)],
  ["a next beyond the table", descriptor(0, 14, 8, 2)],
  ["an address below RAM", descriptor(0, 0, 0x7fff_ffff, 4)],
  ["an address beyond 2^53", descriptor(0, 4, 0xffff_ffff, 4)],
  ["a length beyond RAM", descriptor(1, 8, 0xffff_ffff, 4)],
  ["more than a chain may hold", descriptor(1, 8, CHAIN_BYTES_MAX, 4)],
  ["an empty buffer", descriptor(0, 8, 0, 4)],
  ["something to read behind something to write", descriptor(0, 12, 3, 2)],
  ["an indirect table that nests or is odd", descriptor(0, 12, 4, 2)],
  ["a head beyond the table", (driver, base) => driver.view(base + 0x2004, 2).setUint16(0, 8, true)],
  ["more buffers than the ring holds", (driver, base) => driver.view(base + 0x2002, 2).setUint16(0, 9, true)],
];

for (const [name, damage] of damages) {
  test(`${name} breaks the device until its reset`, () => {
    const { device, driver } = start();
    const behind = name.startsWith("something") ? [2, text("a")] : [text("a"), 2];
    driver.offer(0, behind, false);
    if (name === "a loop") descriptor(1, 14, 1, 2)(driver, driver.queueBase(0));
    damage(driver, driver.queueBase(0));
    driver.write(MMIO.queueNotify, 0);
    assert.equal(driver.broken, true);
    assert.equal(driver.read(MMIO.interruptStatus) & 2, 2);
    assert.equal(device.served, 0);
    driver.offer(1, [text("a"), 2]);
    assert.equal(device.served, 0, "no queue of a broken device yields anything");
    driver.start();
    assert.equal(shown(driver.exchange(0, [text("a"), 2]).bytes), "A");
  });
}

test("a queue outside RAM, unaligned or of a strange size breaks the device", () => {
  for (const [register, value] of [
    [MMIO.queueSize, 3],
    [MMIO.queueSize, 0],
    [MMIO.queueSize, 16],
    [MMIO.queueDescriptorsLow, 8],
    [MMIO.queueDescriptorsHigh, 1],
    [MMIO.queueUsedLow, TEST_RAM_BASE + 2],
    [MMIO.queueAvailableLow, TEST_RAM_BASE + 16 * 1024 * 1024 - 4],
  ] as const) {
    const { driver } = start();
    driver.write(MMIO.queueSelect, 0);
    driver.write(MMIO.queueReady, 0);
    driver.write(register, value);
    driver.write(MMIO.queueReady, 1);
    assert.equal(driver.broken, true, `register ${register} = ${value}`);
    assert.equal(driver.read(MMIO.queueReady), 0);
  }
});

test("buffers that were made available before the driver was ready are served when it is", () => {
  const device = new Shouter();
  const driver = new TestDriver(device);
  driver.start();
  driver.write(MMIO.status, 0);
  driver.write(MMIO.driverFeaturesSelect, 1);
  driver.write(MMIO.driverFeatures, 1);
  driver.write(MMIO.status, STATUS.featuresOk);
  driver.setUpQueue(0);
  driver.offer(0, [text("a"), 1]);
  assert.equal(device.served, 0);
  driver.write(MMIO.status, STATUS.driverOk);
  assert.equal(device.served, 1);
});

test("a restored device goes on where the saved one was", () => {
  const { device, driver } = start();
  driver.exchange(0, [text("a"), 1]);
  device.holding = true;
  driver.offer(0, [text("later"), 8]);
  const state = structuredClone(driver.device.save());
  driver.write(MMIO.status, 0);
  device.holding = false;
  driver.device.restore(state);
  assert.equal(driver.interruptHigh, true);
  assert.deepEqual(driver.device.save(), state);
  driver.write(MMIO.queueNotify, 0);
  assert.equal(shown(driver.take(0)?.bytes ?? new Uint8Array(0)), "LATER");
  assert.equal(device.served, 2);
});

test("a snapshot that is not one of this device is refused", () => {
  const { driver } = start();
  const state = driver.device.save();
  const transport = stateOf(state, "transport");
  for (const wrong of [{ deviceId: 1 }, { acceptedHigh: 2 }, { queues: [] }, { status: "ready" }, { device: 1 }]) {
    assert.throws(() => driver.device.restore({ ...state, transport: { ...transport, ...wrong } }), {
      code: "snapshot_invalid",
    });
  }
});
