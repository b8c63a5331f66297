import assert from "node:assert/strict";
import { test } from "node:test";
import { MMIO } from "../mmio.ts";
import { TestDriver } from "../testing/driver.ts";
import { SEND_BYTES_MAX, type ConsolePort } from "./console-port.ts";
import { createVirtioConsole, type VirtioConsole } from "./console.ts";
import { CONTROL } from "./control.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const shown = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const MULTIPORT = 1 << 1;

function start(without = 0): { console: VirtioConsole; driver: TestDriver; main: ConsolePort; agent: ConsolePort } {
  const console = createVirtioConsole({ ports: ["console", "agent"] });
  const driver = new TestDriver(console);
  driver.start(without);
  const [main, agent] = [console.port("console"), console.port("agent")];
  assert.ok(main !== undefined && agent !== undefined);
  return { console, driver, main, agent };
}

function control(driver: TestDriver, port: number, event: number, value: number): void {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, port, true);
  view.setUint16(4, event, true);
  view.setUint16(6, value, true);
  driver.exchange(3, [new Uint8Array(view.buffer)]);
}

/** The next control message, as `port event value name`. */
function heard(driver: TestDriver): string | undefined {
  driver.offer(2, [64]);
  const bytes = driver.take(2)?.bytes;
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [view.getUint32(0, true), view.getUint16(4, true), view.getUint16(6, true), shown(bytes.subarray(8))]
    .join(" ")
    .trim();
}

test("a driver of several ports learns them, their names and that the host is there", () => {
  const { driver, agent } = start();
  control(driver, 0, CONTROL.deviceReady, 1);
  assert.deepEqual([heard(driver), heard(driver)], ["0 1 1", "1 1 1"]);
  control(driver, 0, CONTROL.portReady, 1);
  assert.deepEqual([heard(driver), heard(driver), heard(driver)], ["0 4 1", "0 7 1 console", "0 6 1"]);
  agent.setHostOpen(false);
  assert.equal(heard(driver), "1 6 0");
  control(driver, 1, CONTROL.portReady, 1);
  assert.equal(heard(driver), "1 7 1 agent");
  agent.setHostOpen(true);
  assert.equal(heard(driver), "1 6 1");
});

test("bytes go both ways once the guest has opened a port", () => {
  const { driver, agent } = start();
  const opened: boolean[] = [];
  const got: string[] = [];
  agent.onGuestOpen = (open) => opened.push(open);
  agent.onData = (bytes) => got.push(shown(bytes));
  driver.offer(4, [3, 5]);
  driver.offer(4, [16]);
  assert.equal(agent.send(text("hello guest")), 11);
  assert.equal(agent.waitingBytes, 11);
  control(driver, 1, CONTROL.portOpen, 1);
  assert.deepEqual([shown(driver.take(4)?.bytes), shown(driver.take(4)?.bytes)], ["hello gu", "est"]);
  driver.exchange(5, [text("hello "), text("host")]);
  control(driver, 1, CONTROL.portOpen, 0);
  assert.deepEqual([opened, got], [[true, false], ["hello host"]]);
});

test("what waits for the guest is bounded, and the sender hears when it is gone", () => {
  const { driver, agent } = start();
  control(driver, 1, CONTROL.portOpen, 1);
  const bytes = new Uint8Array(SEND_BYTES_MAX + 1000).map((_byte, at) => at % 251);
  assert.equal(agent.send(bytes), SEND_BYTES_MAX);
  assert.equal(agent.send(bytes), 0);
  let drained = 0;
  agent.onDrain = () => drained++;
  const back: number[] = [];
  for (let round = 0; round < 10; round++) {
    driver.offer(4, [7000]);
    back.push(...(driver.take(4)?.bytes ?? []));
    assert.equal(drained, back.length === SEND_BYTES_MAX ? 1 : 0);
  }
  assert.deepEqual(Uint8Array.from(back), bytes.subarray(0, SEND_BYTES_MAX));
});

test("sending more than may wait goes on as long as the guest has room", () => {
  const { driver, agent } = start();
  control(driver, 1, CONTROL.portOpen, 1);
  for (let count = 0; count < 3; count++) driver.offer(4, [50_000]);
  assert.equal(agent.send(new Uint8Array(140_000)), 140_000);
});

test("a paused port leaves what the guest writes in the guest", () => {
  const { driver, agent } = start();
  const got: string[] = [];
  agent.onData = (bytes) => {
    got.push(shown(bytes));
    agent.pause();
  };
  for (const word of ["one", "two", "three"]) driver.offer(5, [text(word)]);
  assert.deepEqual(got, ["one"]);
  assert.notEqual(driver.take(5), undefined);
  assert.equal(driver.take(5), undefined);
  agent.resume();
  agent.resume();
  assert.deepEqual(got, ["one", "two", "three"]);
});

test("what waits when the guest closes a port, or resets, is dropped", () => {
  const { driver, agent, main } = start();
  control(driver, 1, CONTROL.portOpen, 1);
  control(driver, 0, CONTROL.portOpen, 1);
  agent.send(text("stale"));
  main.send(text("stale"));
  control(driver, 1, CONTROL.portOpen, 0);
  driver.write(MMIO.status, 0);
  assert.deepEqual([agent.waitingBytes, main.waitingBytes, main.guestOpen], [0, 0, false]);
});

test("a driver of one port has the first one, without control messages", () => {
  const { driver, main } = start(MULTIPORT);
  const got: string[] = [];
  main.onData = (bytes) => got.push(shown(bytes));
  driver.exchange(1, [text("boot")]);
  driver.offer(0, [16]);
  main.send(text("key"));
  assert.equal(shown(driver.take(0)?.bytes), "key");
  assert.deepEqual(got, ["boot"]);
  main.setHostOpen(false);
  assert.equal(heard(driver), undefined);
});

test("the terminal's size, and last words before there are queues", () => {
  const { console, driver, main } = start();
  const got: string[] = [];
  main.onData = (bytes) => got.push(shown(bytes));
  console.resize(132, 43);
  assert.equal(driver.read(MMIO.config), (43 << 16) | 132);
  assert.equal(driver.read(MMIO.configGeneration), 1);
  assert.equal(driver.read(MMIO.config + 4), 2);
  driver.write(MMIO.config + 8, 0x41);
  assert.deepEqual(got, ["A"]);
});

test("a driver that asks without end and takes no answer is broken", () => {
  const { driver } = start();
  for (let round = 0; round < 600 && !driver.broken; round++) {
    driver.offer(3, [Uint8Array.of(0, 0, 0, 0, CONTROL.deviceReady, 0, 1, 0)]);
    if (!driver.broken) driver.take(3);
  }
  assert.equal(driver.broken, true);
});

test("control messages that are short, or of no port, do nothing", () => {
  const { driver } = start();
  driver.exchange(3, [new Uint8Array(7)]);
  control(driver, 99, CONTROL.portReady, 1);
  control(driver, 99, CONTROL.portOpen, 1);
  assert.equal(heard(driver), undefined);
  assert.equal(driver.broken, false);
});

test("a restored console has what was on its way", () => {
  const { driver, agent } = start();
  control(driver, 1, CONTROL.portOpen, 1);
  control(driver, 1, CONTROL.portReady, 1);
  agent.send(text("waiting"));
  const state = structuredClone(driver.device.save());
  driver.write(MMIO.status, 0);
  driver.device.restore(state);
  assert.deepEqual(driver.device.save(), state);
  driver.offer(4, [16]);
  assert.equal(shown(driver.take(4)?.bytes), "waiting");
  assert.equal(heard(driver), "1 7 1 agent");
});

test("a console has ports, each with a name of its own", () => {
  for (const ports of [[], ["a", "a"], Array.from({ length: 32 }, String)]) {
    assert.throws(() => createVirtioConsole({ ports }), { code: "option_invalid" });
  }
});
