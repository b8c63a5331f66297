import { readDifference, readFlag, readNumber } from "../../bus/device-state.ts";
import type { AccessSize, BusDevice, Clock, DeviceState, InterruptLine } from "../../bus/port.ts";

/** Bytes of the window. */
export const RTC_WINDOW_BYTES = 0x1000;

/** What it is made with. */
export type GoldfishRtcOptions = {
  readonly name: string;
  readonly interrupt: InterruptLine;
  /** Times the alarm. */
  readonly clock: Clock;
  /** The host's time of day, in ns since 1970-01-01 UTC. */
  readonly wallClock: () => number;
};

// Android emulator, docs/GOLDFISH-VIRTUAL-HARDWARE.TXT, section "Goldfish real-time clock".
const TIME_LOW = 0x00;
const TIME_HIGH = 0x04;
const ALARM_LOW = 0x08;
const ALARM_HIGH = 0x0c;
const INTERRUPT_ENABLED = 0x10;
const CLEAR_ALARM = 0x14;
const ALARM_STATUS = 0x18;
const CLEAR_INTERRUPT = 0x1c;

const WORD = 2 ** 32;

/**
 * Makes a Goldfish real-time clock: 64-bit nanoseconds since 1970 (exact to 256 ns) and one alarm.
 * @see Android emulator, docs/GOLDFISH-VIRTUAL-HARDWARE.TXT
 */
export function createGoldfishRtc(options: GoldfishRtcOptions): BusDevice {
  return new GoldfishRtc(options);
}

class GoldfishRtc implements BusDevice {
  readonly name: string;
  readonly #options: GoldfishRtcOptions;
  /** What the guest's time is ahead of the host's, in ns. */
  #offset = 0;
  /** Taken when TIME_LOW is read: both halves are of one moment. */
  #timeHigh = 0;
  #alarmLow = 0;
  #alarmHigh = 0;
  /** ALARM_HIGH when the alarm was set: a later write to it counts with the next write to ALARM_LOW. */
  #setHigh = 0;
  #isAlarmSet = false;
  #isEnabled = false;
  #isPending = false;
  #cancel: () => void = () => {};

  constructor(options: GoldfishRtcOptions) {
    this.name = options.name;
    this.#options = options;
  }

  read(offset: number, size: AccessSize): number {
    if (size !== 4) return 0;
    switch (offset) {
      case TIME_LOW:
        return this.#readLow();
      case TIME_HIGH:
        return this.#timeHigh;
      case ALARM_LOW:
        return this.#alarmLow;
      case ALARM_HIGH:
        return this.#alarmHigh;
      case INTERRUPT_ENABLED:
        return this.#isEnabled ? 1 : 0;
      case ALARM_STATUS:
        return this.#isAlarmSet ? 1 : 0;
      default:
        return 0;
    }
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (size !== 4) return;
    switch (offset) {
      case TIME_LOW:
        return this.#setTime(Math.floor(this.#time() / WORD), value);
      case TIME_HIGH:
        return this.#setTime(value, this.#time() % WORD);
      case ALARM_LOW:
        this.#alarmLow = value;
        this.#setHigh = this.#alarmHigh;
        return this.#setAlarm(true);
      case ALARM_HIGH:
        this.#alarmHigh = value;
        return;
      case INTERRUPT_ENABLED:
        this.#isEnabled = (value & 1) === 1;
        return this.#update();
      case CLEAR_ALARM:
        return this.#setAlarm(false);
      case CLEAR_INTERRUPT:
        this.#isPending = false;
        return this.#update();
      default:
    }
  }

  /** The time that the guest set stays: the clock runs on a battery. */
  reset(): void {
    this.#timeHigh = 0;
    this.#alarmLow = 0;
    this.#alarmHigh = 0;
    this.#setHigh = 0;
    this.#isEnabled = false;
    this.#isPending = false;
    this.#setAlarm(false);
    this.#update();
  }

  save(): DeviceState {
    return {
      offset: this.#offset,
      timeHigh: this.#timeHigh,
      alarmLow: this.#alarmLow,
      alarmHigh: this.#alarmHigh,
      setHigh: this.#setHigh,
      alarmSet: this.#isAlarmSet,
      enabled: this.#isEnabled,
      pending: this.#isPending,
    };
  }

  restore(state: DeviceState): void {
    this.#offset = readDifference(state, "offset");
    this.#timeHigh = readNumber(state, "timeHigh", WORD - 1);
    this.#alarmLow = readNumber(state, "alarmLow", WORD - 1);
    this.#alarmHigh = readNumber(state, "alarmHigh", WORD - 1);
    this.#setHigh = readNumber(state, "setHigh", WORD - 1);
    this.#isEnabled = readFlag(state, "enabled");
    this.#isPending = readFlag(state, "pending");
    this.#setAlarm(readFlag(state, "alarmSet"));
    this.#update();
  }

  /** In ns; 0 to 2^64 - 1, as far as a number can tell. */
  #time(): number {
    const time = Math.floor(this.#options.wallClock() + this.#offset) % (WORD * WORD);
    return time < 0 ? time + WORD * WORD : time;
  }

  #readLow(): number {
    const time = this.#time();
    this.#timeHigh = Math.floor(time / WORD) % WORD;
    return time % WORD;
  }

  #setTime(high: number, low: number): void {
    this.#offset = high * WORD + low - this.#options.wallClock();
    if (this.#isAlarmSet) this.#setAlarm(true);
  }

  /** Writing ALARM_LOW arms the alarm; one in the past goes off at once. */
  #setAlarm(isSet: boolean): void {
    this.#cancel();
    this.#cancel = () => {};
    this.#isAlarmSet = isSet;
    if (!isSet) return;
    const wait = this.#setHigh * WORD + this.#alarmLow - this.#time();
    if (wait <= 0) this.#goOff();
    else this.#cancel = this.#options.clock.schedule(this.#options.clock.now() + wait, () => this.#goOff());
  }

  #goOff(): void {
    this.#isAlarmSet = false;
    this.#isPending = true;
    this.#update();
  }

  #update(): void {
    this.#options.interrupt.set(this.#isPending && this.#isEnabled);
  }
}
