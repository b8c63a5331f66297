import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createMemoryDisk } from "../../disk/memory-disk.ts";
import { createOverlayDisk } from "../../disk/overlay-disk.ts";
import { createVirtioBalloon } from "./balloon/balloon.ts";
import { createVirtioBlock } from "./block/block.ts";
import { createVirtioConsole } from "./console/console.ts";
import { MMIO } from "./mmio.ts";
import type { VirtioDevice } from "./port.ts";
import { createVirtioRng } from "./rng/rng.ts";
import { TEST_RAM_BASE, TestDriver, type Buffer } from "./testing/driver.ts";

const MEMORY_BYTES = 1024 * 1024;

const devices: readonly (readonly [string, () => VirtioDevice])[] = [
  ["block", () => createVirtioBlock(createOverlayDisk(createMemoryDisk(new Uint8Array(256 * 1024))))],
  ["console", createLoopedConsole],
  ["rng", () => createVirtioRng((into) => into.fill(0xa5))],
  ["balloon", () => createVirtioBalloon({ onInflate: () => undefined })],
];

/** What the guest writes comes back to it: work that the device makes for itself must end too. */
function createLoopedConsole(): VirtioDevice {
  const console = createVirtioConsole({ ports: ["console", "agent"] });
  for (const name of ["console", "agent"]) {
    const port = console.port(name);
    if (port !== undefined) port.onData = (bytes) => void port.send(bytes);
  }
  return console;
}

const word = fc.oneof(
  fc.nat(16),
  fc.constantFrom(0xffff_ffff, 0x8000_0000, TEST_RAM_BASE + 0x1000, TEST_RAM_BASE + MEMORY_BYTES - 8),
  fc.nat(0xffff_ffff),
);
const register = fc.oneof(fc.constantFrom(...Object.values(MMIO)), fc.nat(0xfff));
const size = fc.constantFrom(1, 2, 4);

/** A descriptor, most often one that could be meant: near the queues, short, with a next that exists. */
const descriptor = fc.record({
  address: fc.oneof(
    fc.nat(MEMORY_BYTES - 1).map((offset) => TEST_RAM_BASE + offset),
    fc.nat(0x1_0000).map((offset) => TEST_RAM_BASE + offset),
    word,
  ),
  high: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: word }),
  length: fc.oneof(fc.constantFrom(1, 8, 16, 512, 513, 4096), word),
  flags: fc.nat(7),
  next: fc.oneof(fc.nat(15), fc.nat(0xffff)),
});
type Descriptor = { address: number; high: number; length: number; flags: number; next: number };

/** Bytes that one of the devices may take for a request: a block header, a control message, page numbers, anything. */
const content = fc.oneof(
  fc
    .tuple(fc.constantFrom(0, 1, 4, 8, 11, 13, 6), fc.nat(600))
    .map(([type, sector]) => Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0, sector, sector >> 8, 0, 0, 0, 0, 0, 0)),
  fc
    .tuple(fc.nat(2), fc.nat(7), fc.nat(1))
    .map(([port, event, value]) => Uint8Array.of(port, 0, 0, 0, event, 0, value, 0)),
  fc.constantFrom(512, 1024, 4096).map((length) => new Uint8Array(length).fill(7)),
  fc.uint8Array({ minLength: 1, maxLength: 40 }),
);
const room = fc.constantFrom(1, 8, 20, 64, 512, 513, 4096);
const buffers = fc
  .tuple(fc.array(content, { maxLength: 4 }), fc.array(room, { maxLength: 4 }))
  .map(([read, written]) => [...read, ...written]);

const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("write" as const), register, size, value: word }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("read" as const), register, size }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("describe" as const), queue: fc.nat(5), slot: fc.nat(15), descriptor }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("offer" as const),
      queue: fc.nat(5),
      heads: fc.array(fc.nat(16), { maxLength: 16 }),
      ahead: fc.nat(20),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant("exchange" as const), queue: fc.nat(5), buffers, tell: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function writeDescriptor(view: DataView, value: Descriptor): void {
  view.setUint32(0, value.address, true);
  view.setUint32(4, value.high, true);
  view.setUint32(8, value.length, true);
  view.setUint16(12, value.flags, true);
  view.setUint16(14, value.next, true);
}

/** Makes heads available, and says that there are that many more than there are. */
function offer(driver: TestDriver, queue: number, { heads, ahead }: { heads: readonly number[]; ahead: number }): void {
  const base = TEST_RAM_BASE + queue * 0x4000 + 0x2000;
  const index = driver.view(base + 2, 2);
  const from = index.getUint16(0, true);
  for (const [at, head] of heads.entries()) driver.view(base + 4 + ((from + at) % 64) * 2, 2).setUint16(0, head, true);
  index.setUint16(0, (from + heads.length + (ahead > 18 ? ahead : 0)) & 0xffff, true);
  driver.write(MMIO.queueNotify, queue);
}

/** A request that is sound, unless what came before it spoilt the rings. */
function exchange(
  driver: TestDriver,
  { queue, buffers, tell }: { queue: number; buffers: readonly Buffer[]; tell: boolean },
): void {
  const index = queue % driver.queueCount;
  if (buffers.length === 0) return;
  if (driver.freeDescriptors(index) < buffers.length) driver.start();
  driver.offer(index, buffers, tell);
}

function perform(driver: TestDriver, step: Step): void {
  switch (step.kind) {
    case "write":
      return driver.device.write(step.register, step.size, step.value % 2 ** (8 * step.size));
    case "read": {
      const value = driver.device.read(step.register, step.size);
      return assert.ok(Number.isInteger(value) && value >= 0 && value < 2 ** (8 * step.size));
    }
    case "describe":
      return writeDescriptor(driver.view(TEST_RAM_BASE + step.queue * 0x4000 + step.slot * 16, 16), step.descriptor);
    case "exchange":
      return exchange(driver, step);
    case "offer":
      return offer(driver, step.queue, step);
    case "restart":
      return driver.start();
    default:
      return step satisfies never;
  }
}

for (const [name, create] of devices) {
  test(`no writes to registers and rings make the ${name} device throw, or go on for long, or lose its state`, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const driver = new TestDriver(create(), MEMORY_BYTES);
        driver.start();
        for (const each of steps) {
          const began = performance.now();
          perform(driver, each);
          assert.ok(performance.now() - began < 2000, "a step takes no time that a user would notice");
        }
        const state = driver.device.save();
        driver.device.restore(state);
        assert.deepEqual(driver.device.save(), state);
        driver.start();
        assert.equal(driver.broken, false, "a reset always mends the device");
      }),
      { numRuns: 300 },
    );
  });
}
