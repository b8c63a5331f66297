import assert from "node:assert/strict";
import { test } from "node:test";
import type { FrameLink } from "../../bus/port.ts";
import { TestDriver } from "../virtio/testing/driver.ts";
import { createVirtioNet } from "./virtio-net.ts";

const MAC = new Uint8Array([0x52, 0x54, 0, 0x12, 0x34, 0x56]);
const HEADER = new Uint8Array(12);
const BUFFER_BYTES = 12 + 1514;

function createCard(): { driver: TestDriver; link: FrameLink; sent: Uint8Array[] } {
  const sent: Uint8Array[] = [];
  const link: FrameLink = { send: (frame) => void sent.push(frame.slice()), receive: () => undefined };
  const driver = new TestDriver(createVirtioNet({ link, mac: MAC }));
  driver.start();
  return { driver, link, sent };
}

function frameOf(length: number, fill = 7): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

test("the configuration says the hardware address, and that the link is up", () => {
  const { driver } = createCard();
  const config = Array.from({ length: 8 }, (_byte, offset) => driver.device.read(0x100 + offset, 1));
  assert.deepEqual(config, [...MAC, 1, 0]);
});

test("a frame of the driver's goes out without its header, however it is cut into descriptors", () => {
  const { driver, sent } = createCard();
  const frame = Uint8Array.from({ length: 100 }, (_byte, index) => index);
  driver.exchange(1, [HEADER, frame]);
  driver.exchange(1, [new Uint8Array([...HEADER, ...frame.subarray(0, 30)]), frame.subarray(30)]);
  assert.deepEqual(sent, [frame, frame]);
});

for (const length of [1, 13, 1515, 4000]) {
  test(`what is no frame, with ${length} bytes, is given back and not sent`, () => {
    const { driver, sent } = createCard();
    assert.equal(driver.exchange(1, [HEADER, frameOf(length)]).written, 0);
    assert.deepEqual(sent, []);
  });
}

test("a frame from the link arrives with a header of one buffer", () => {
  const { driver, link } = createCard();
  driver.offer(0, [BUFFER_BYTES]);
  link.receive(frameOf(60));
  const header = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
  assert.deepEqual(driver.take(0), { written: 72, bytes: new Uint8Array([...header, ...frameOf(60)]) });
  assert.equal(driver.interruptHigh, true);
});

test("frames wait for the driver's buffers in order, and beyond a bound they are dropped", () => {
  const { driver, link } = createCard();
  for (let count = 0; count < 2000; count += 1) {
    link.receive(frameOf(14, count % 251));
  }
  const fills: (number | undefined)[] = [];
  for (let count = 0; count < 1024; count += 1) {
    fills.push(driver.exchange(0, [BUFFER_BYTES]).bytes[12]);
  }
  assert.deepEqual(
    fills,
    Array.from({ length: 1024 }, (_fill, index) => index % 251),
  );
  driver.offer(0, [BUFFER_BYTES]);
  assert.equal(driver.take(0), undefined);
});

test("a buffer that is too short for a frame comes back empty", () => {
  const { driver, link } = createCard();
  driver.offer(0, [20]);
  link.receive(frameOf(60));
  assert.equal(driver.take(0)?.written, 0);
});

test("frames that come before the driver is ready are dropped", () => {
  const link: FrameLink = { send: () => undefined, receive: () => undefined };
  const driver = new TestDriver(createVirtioNet({ link, mac: MAC }));
  link.receive(frameOf(60));
  driver.start();
  driver.offer(0, [BUFFER_BYTES]);
  assert.equal(driver.take(0), undefined);
});

test("an address of a group is refused", () => {
  const link: FrameLink = { send: () => undefined, receive: () => undefined };
  assert.throws(() => createVirtioNet({ link, mac: new Uint8Array(6).fill(0xff) }), { code: "option_invalid" });
});
