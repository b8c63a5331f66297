import assert from "node:assert/strict";
import { test } from "node:test";
import { MMIO } from "../mmio.ts";
import { TestDriver } from "../testing/driver.ts";
import { createVirtioBalloon, type BalloonStatistics, type VirtioBalloon } from "./balloon.ts";

type Told = { inflated: number[]; deflated: number[]; statistics: BalloonStatistics[] };

function start(): { balloon: VirtioBalloon; driver: TestDriver; told: Told } {
  const told: Told = { inflated: [], deflated: [], statistics: [] };
  const balloon = createVirtioBalloon({
    onInflate: (pages) => told.inflated.push(...pages),
    onDeflate: (pages) => told.deflated.push(...pages),
    onStatistics: (statistics) => told.statistics.push(statistics),
  });
  const driver = new TestDriver(balloon);
  driver.start();
  return { balloon, driver, told };
}

const pages = (...numbers: number[]): Uint8Array => new Uint8Array(Uint32Array.from(numbers).buffer);

test("pages that the guest lends and takes back reach the machine", () => {
  const { balloon, driver, told } = start();
  balloon.setTarget(3);
  assert.equal(driver.read(MMIO.interruptStatus) & 2, 2);
  assert.equal(driver.read(MMIO.config), 3);
  driver.exchange(0, [pages(0x80001, 0x80002).subarray(0, 3), pages(0x80001, 0x80002).subarray(3)]);
  driver.write(MMIO.config + 4, 2);
  driver.exchange(1, [pages(0x80002)]);
  driver.exchange(1, [new Uint8Array(3)]);
  assert.deepEqual([told.inflated, told.deflated, balloon.actualPages], [[0x80001, 0x80002], [0x80002], 2]);
});

test("statistics come when the machine asks, and the buffer waits meanwhile", () => {
  const { balloon, driver, told } = start();
  const bytes = new Uint8Array(21);
  new DataView(bytes.buffer).setUint16(0, 5, true);
  new DataView(bytes.buffer).setBigUint64(2, 0x1_0000_0002n, true);
  new DataView(bytes.buffer).setUint16(10, 4, true);
  balloon.requestStatistics();
  driver.offer(2, [bytes]);
  assert.deepEqual(told.statistics, [
    new Map([
      [5, 0x1_0000_0002],
      [4, 0],
    ]),
  ]);
  assert.equal(driver.take(2), undefined);
  balloon.requestStatistics();
  assert.notEqual(driver.take(2), undefined);
});

test("target and lent pages outlive a snapshot; a reset forgets what was lent", () => {
  const { balloon, driver } = start();
  balloon.setTarget(9);
  driver.write(MMIO.config + 4, 7);
  const state = driver.device.save();
  driver.write(MMIO.status, 0);
  assert.equal(balloon.actualPages, 0);
  balloon.setTarget(0);
  driver.device.restore(state);
  assert.deepEqual([balloon.actualPages, driver.read(MMIO.config)], [7, 9]);
});
