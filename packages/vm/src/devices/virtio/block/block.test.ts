import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockBackend } from "../../../bus/port.ts";
import { createMemoryDisk } from "../../../disk/memory-disk.ts";
import { createOverlayDisk } from "../../../disk/overlay-disk.ts";
import { VmError } from "../../../error.ts";
import { MMIO } from "../mmio.ts";
import { TestDriver, type Buffer } from "../testing/driver.ts";
import { createVirtioBlock, type BlockOptions } from "./block.ts";

const SECTORS = 64;
const [OK, FAILED, UNSUPPORTED] = [0, 1, 2];
const [IN, OUT, FLUSH, GET_ID, DISCARD, WRITE_ZEROES] = [0, 1, 4, 8, 11, 13];

function start(backend: BlockBackend, options?: BlockOptions): TestDriver {
  const driver = new TestDriver(createVirtioBlock(backend, options));
  driver.start();
  return driver;
}

function disk(): { bytes: Uint8Array; driver: TestDriver } {
  const bytes = Uint8Array.from({ length: SECTORS * 512 }, (_byte, at) => at >> 5);
  return { bytes, driver: start(createMemoryDisk(bytes)) };
}

function header(type: number, sector: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(0, type, true);
  view.setBigUint64(8, BigInt(sector), true);
  return new Uint8Array(view.buffer);
}

function range(sector: number, sectors: number, flags = 0): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, BigInt(sector), true);
  view.setUint32(8, sectors, true);
  view.setUint32(12, flags, true);
  return new Uint8Array(view.buffer);
}

/** @returns the status: the last byte of what the device may write */
function ask(driver: TestDriver, type: number, sector: number, ...buffers: Buffer[]): number | undefined {
  const room = buffers.filter((buffer) => typeof buffer === "number").reduce((sum, size) => sum + size, 0);
  driver.offer(0, [header(type, sector), ...buffers, 1]);
  const { bytes } = driver.take(0, room + 1) ?? { bytes: [] };
  return bytes.at(-1);
}

test("sectors are read and written, however a request is cut up", () => {
  const { bytes, driver } = disk();
  const back = driver.exchange(0, [header(IN, 3).subarray(0, 5), header(IN, 3).subarray(5), 100, 412, 513]);
  assert.equal(back.written, 1025);
  assert.deepEqual(back.bytes.subarray(0, 1024), bytes.slice(3 * 512, 5 * 512));
  assert.equal(back.bytes[1024], OK);
  const data = new Uint8Array(1024).fill(0xaa);
  assert.equal(ask(driver, OUT, 62, data.subarray(0, 700), data.subarray(700)), OK);
  assert.deepEqual(bytes.subarray(62 * 512), data);
});

test("the guest sees size, limits and serial", () => {
  const driver = start(createMemoryDisk(new Uint8Array(SECTORS * 512 + 100)), { serial: "disk-of-this-test-and-more" });
  assert.equal(driver.read(MMIO.config), SECTORS);
  assert.equal(driver.read(MMIO.config + 8), 65536);
  assert.equal(driver.read(MMIO.config + 20), 512);
  const { bytes, written } = driver.exchange(0, [header(GET_ID, 0), 20, 1]);
  assert.equal(written, 21);
  assert.equal(new TextDecoder().decode(bytes.subarray(0, 20)), "disk-of-this-test-an");
});

for (const [name, type, sector, buffers, expected] of [
  ["a read beyond the end", IN, SECTORS, [512], FAILED],
  ["a read over the end", IN, SECTORS - 1, [1024], FAILED],
  ["a write beyond 2^63", OUT, 2 ** 63, [new Uint8Array(512)], FAILED],
  ["a write of half a sector", OUT, 0, [new Uint8Array(256)], FAILED],
  ["a request of an unknown type", 77, 0, [], UNSUPPORTED],
  ["a flush", FLUSH, 0, [], OK],
  ["a discard", DISCARD, 0, [range(1, 2)], OK],
  ["a discard with a flag", DISCARD, 0, [range(1, 2, 1)], UNSUPPORTED],
  ["writing zeroes", WRITE_ZEROES, 0, [range(1, 2, 1)], OK],
  ["writing zeroes with a flag that is none", WRITE_ZEROES, 0, [range(1, 2, 2)], UNSUPPORTED],
  ["writing zeroes over the end", WRITE_ZEROES, 0, [range(SECTORS - 1, 2)], FAILED],
  ["writing more zeroes than allowed", WRITE_ZEROES, 0, [range(0, 0xffffffff)], FAILED],
  ["writing zeroes to half a range", WRITE_ZEROES, 0, [new Uint8Array(15)], FAILED],
  ["writing zeroes to two ranges", WRITE_ZEROES, 0, [new Uint8Array(32)], FAILED],
] as const) {
  test(`${name} ends with status ${expected}`, () => {
    const { bytes, driver } = disk();
    const before = bytes.slice();
    assert.equal(ask(driver, type, sector, ...buffers), expected);
    if (expected === OK && buffers.length > 0) before.fill(0, 512, 1536);
    assert.deepEqual(bytes, before);
    assert.equal(driver.broken, false);
  });
}

test("a disk that can't discard gets zeroes written, and offers no discard", () => {
  const bytes = new Uint8Array(400 * 512).fill(1);
  const memory = createMemoryDisk(bytes);
  const driver = start({
    sizeBytes: memory.sizeBytes,
    readOnly: false,
    read: (offset, into) => memory.read(offset, into),
    write: (offset, from) => memory.write(offset, from),
    flush: () => memory.flush(),
    close: () => memory.close(),
  });
  assert.equal(driver.offered().low & (1 << 13), 0);
  assert.equal(ask(driver, WRITE_ZEROES, 0, range(1, 300)), OK);
  assert.deepEqual([bytes[511], bytes[512], bytes[301 * 512 - 1], bytes[301 * 512]], [1, 0, 0, 1]);
});

test("a request may be as large as a kernel, as boot loaders read them", () => {
  const bytes = Uint8Array.from({ length: 9 * 1024 * 1024 }, (_byte, at) => at >> 9);
  const { bytes: read, written } = start(createMemoryDisk(bytes)).exchange(0, [header(IN, 0), bytes.length, 1]);
  assert.equal(written, bytes.length + 1);
  assert.ok(Buffer.from(bytes).equals(read.subarray(0, bytes.length)));
});

test("a read-only disk says so, and fails what would write", () => {
  const bytes = new Uint8Array(1024).fill(5);
  const driver = start(createMemoryDisk(bytes, { readOnly: true }));
  assert.notEqual(driver.offered().low & (1 << 5), 0);
  assert.equal(ask(driver, OUT, 0, new Uint8Array(512)), FAILED);
  assert.equal(ask(driver, WRITE_ZEROES, 0, range(0, 1)), FAILED);
  assert.equal(ask(driver, IN, 0, 512), OK);
  assert.deepEqual(bytes, new Uint8Array(1024).fill(5));
});

test("a disk that fails becomes a failed request", () => {
  const backend = createMemoryDisk(new Uint8Array(1024));
  const broken = (): never => {
    throw new VmError("disk_failed", "The disk is full.");
  };
  const driver = start({ ...backend, write: broken, flush: broken });
  assert.equal(ask(driver, OUT, 0, new Uint8Array(512)), FAILED);
  assert.equal(ask(driver, FLUSH, 0), FAILED);
  assert.equal(ask(driver, IN, 0, 512), OK);
});

test("a request without header or status breaks the device", () => {
  for (const buffers of [[header(IN, 0)], [header(IN, 0).subarray(1), 1], [1]]) {
    const { driver } = disk();
    driver.offer(0, buffers);
    assert.equal(driver.broken, true);
  }
});

test("a restored device is over a disk of the same size", () => {
  const { driver } = disk();
  const state = driver.device.save();
  driver.device.restore(state);
  assert.throws(() => start(createMemoryDisk(new Uint8Array(512))).device.restore(state), { code: "snapshot_invalid" });
});

test("over an overlay the guest writes, and the base stays", () => {
  const base = new Uint8Array(200_192).fill(3);
  const overlay = createOverlayDisk(createMemoryDisk(base, { readOnly: true }));
  const driver = start(overlay);
  assert.equal(ask(driver, OUT, 128, new Uint8Array(512).fill(9)), OK);
  assert.equal(driver.exchange(0, [header(IN, 128), 512, 1]).bytes[0], 9);
  assert.equal(driver.exchange(0, [header(IN, 129), 512, 1]).bytes[0], 3);
  assert.deepEqual(overlay.changedClusters, [1]);
  assert.ok(base.every((byte) => byte === 3));
});
