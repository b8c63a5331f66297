import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import type { BusDevice } from "../../bus/port.ts";
import { fuzzDevice } from "../../bus/testing/fuzz-device.ts";
import { createManualClock, createWire, type ManualClock, type Wire } from "../../bus/testing/parts.ts";
import { createGoldfishRtc, RTC_WINDOW_BYTES } from "./goldfish-rtc.ts";

const TIME_LOW = 0x00;
const TIME_HIGH = 0x04;
const ALARM_LOW = 0x08;
const ALARM_HIGH = 0x0c;
const ENABLED = 0x10;
const CLEAR_ALARM = 0x14;
const STATUS = 0x18;
const CLEAR_INTERRUPT = 0x1c;

/** 2026-01-01 in ns: a multiple of 256, as a number can tell it. */
const START = 1_767_225_600e9;

type Subject = { readonly rtc: BusDevice; readonly clock: ManualClock; readonly wire: Wire };

function create(): Subject {
  const [clock, wire] = [createManualClock(), createWire()];
  return { rtc: createRtc(clock, wire), clock, wire };
}

function createRtc(clock: ManualClock, wire: Wire): BusDevice {
  return createGoldfishRtc({ name: "rtc", interrupt: wire, clock, wallClock: () => START + clock.now() });
}

function readTime(rtc: BusDevice): bigint {
  return BigInt(rtc.read(TIME_LOW, 4)) + (BigInt(rtc.read(TIME_HIGH, 4)) << 32n);
}

function setAlarm(rtc: BusDevice, time: bigint): void {
  rtc.write(ALARM_HIGH, 4, Number(time >> 32n));
  rtc.write(ALARM_LOW, 4, Number(time & 0xffff_ffffn));
}

describe("the real-time clock", () => {
  test("tells the host's time in nanoseconds", () => {
    const { rtc, clock } = create();
    clock.advance(1024);
    equal(readTime(rtc), BigInt(START) + 1024n);
  });

  test("gives both halves of one moment", () => {
    const { rtc, clock } = create();
    const high = Math.floor(START / 2 ** 32);
    clock.advance(2 ** 32 - (START % 2 ** 32) - 256);
    equal(rtc.read(TIME_LOW, 4), 2 ** 32 - 256);
    clock.advance(1024);
    equal(rtc.read(TIME_HIGH, 4), high);
    rtc.read(TIME_LOW, 4);
    equal(rtc.read(TIME_HIGH, 4), high + 1);
  });

  test("keeps the time that the guest sets, over a reset too", () => {
    const { rtc, clock } = create();
    const wanted = 946_684_800_000_000_000n;
    rtc.write(TIME_HIGH, 4, Number(wanted >> 32n));
    rtc.write(TIME_LOW, 4, Number(wanted & 0xffff_ffffn));
    clock.advance(5120);
    rtc.reset();
    const error = readTime(rtc) - wanted - 5120n;
    equal(error > -1024n && error < 1024n, true, `${error} ns off`);
  });

  test("raises its wire when the alarm's time comes, if it may, until it is told", () => {
    const { rtc, clock, wire } = create();
    rtc.write(ENABLED, 4, 1);
    setAlarm(rtc, BigInt(START) + 1_000_192n);
    clock.advance(999_000);
    deepEqual([wire.high, rtc.read(STATUS, 4)], [false, 1]);
    clock.advance(2000);
    deepEqual([wire.high, rtc.read(STATUS, 4)], [true, 0]);
    rtc.write(CLEAR_INTERRUPT, 4, 1);
    equal(wire.high, false);
  });

  test("keeps an alarm to itself while interrupts are off", () => {
    const { rtc, clock, wire } = create();
    setAlarm(rtc, BigInt(START) + 512n);
    clock.advance(1024);
    equal(wire.high, false);
    rtc.write(ENABLED, 4, 1);
    equal(wire.high, true);
  });

  test("goes off at once for an alarm in the past, and never for one that was cleared", () => {
    const { rtc, clock, wire } = create();
    rtc.write(ENABLED, 4, 1);
    setAlarm(rtc, BigInt(START) + 512n);
    rtc.write(CLEAR_ALARM, 4, 0);
    clock.advance(4096);
    equal(wire.high, false);
    setAlarm(rtc, 0n);
    equal(wire.high, true);
  });

  test("goes off when the guest sets the time to the alarm's", () => {
    const { rtc, wire } = create();
    rtc.write(ENABLED, 4, 1);
    setAlarm(rtc, 2n ** 62n);
    rtc.write(TIME_HIGH, 4, 2 ** 30);
    equal(wire.high, true);
  });

  test("outlives any guest, and goes on from a saved state", () =>
    fuzzDevice({
      windowBytes: RTC_WINDOW_BYTES,
      registers: [TIME_LOW, TIME_HIGH, ALARM_LOW, ALARM_HIGH, ENABLED, CLEAR_ALARM, STATUS, CLEAR_INTERRUPT],
      create: ({ clock, wire }) => createRtc(clock, wire),
    }));
});
