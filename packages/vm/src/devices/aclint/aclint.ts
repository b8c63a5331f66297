import { readNumber } from "../../bus/device-state.ts";
import type { AccessSize, BusDevice, Clock, DeviceState, InterruptLine } from "../../bus/port.ts";

/** Ticks of `mtime` in a second: what QEMU's `virt` board has, and the device tree says. */
export const TIMEBASE_HERTZ = 10_000_000;

/** Bytes of the window (SiFive FU540-C000 manual, chapter 9). */
export const ACLINT_WINDOW_BYTES = 0x1_0000;

/** Timer and software interrupts of machine mode. */
export interface Aclint extends BusDevice {
  /** `mtime`: ticks of 100 ns, a whole number below 2^53. The hart's `time` reads the same. */
  ticks(): number;
}

/** What it is made with: clock, and the wires of hart 0. */
export type AclintOptions = {
  readonly name: string;
  readonly clock: Clock;
  /** MTIP: `mtime` has reached `mtimecmp`. */
  readonly timer: InterruptLine;
  /** MSIP: bit 0 of `msip`. */
  readonly software: InterruptLine;
};

// RISC-V ACLINT Specification 1.0-rc4, chapters 2 and 3, in the layout that is backward compatible with the SiFive CLINT.
const MSIP = 0x0;
const MTIMECMP = 0x4000;
const MTIMECMP_HIGH = 0x4004;
const MTIME = 0xbff8;
const MTIME_HIGH = 0xbffc;

const NANOSECONDS_PER_TICK = 1e9 / TIMEBASE_HERTZ;
const WORD = 2 ** 32;
/** `mtime` has 53 bits, which numbers hold exactly: it wraps around after 28 years. The upper 11 bits read as 0. */
const TICKS_LIMIT = 2 ** 53;
const HIGH_LIMIT = TICKS_LIMIT / WORD;

/**
 * Makes the timer and software interrupts of one hart.
 * @see RISC-V Advanced Core Local Interruptor Specification 1.0-rc4
 */
export function createAclint(options: AclintOptions): Aclint {
  return new AclintDevice(options);
}

class AclintDevice implements Aclint {
  readonly name: string;
  readonly #clock: Clock;
  readonly #timer: InterruptLine;
  readonly #software: InterruptLine;
  /** What `mtime` is behind the clock's ticks since the guest wrote to it, modulo 2^53. */
  #behind = 0;
  /** All ones is "never": what software writes to have none, too. */
  #compareLow = WORD - 1;
  #compareHigh = WORD - 1;
  #isSoftwarePending = false;
  /** Upper half of the `mtime` whose lower half was read last: both halves of an 8-byte read are of one moment. */
  #latchedHigh: number | undefined;
  #cancel: () => void = () => {};

  constructor({ name, clock, timer, software }: AclintOptions) {
    this.name = name;
    this.#clock = clock;
    this.#timer = timer;
    this.#software = software;
  }

  ticks(): number {
    return wrap(this.#elapsed() - this.#behind);
  }

  read(offset: number, size: AccessSize): number {
    if (size !== 4) return 0;
    switch (offset) {
      case MSIP:
        return this.#isSoftwarePending ? 1 : 0;
      case MTIMECMP:
        return this.#compareLow;
      case MTIMECMP_HIGH:
        return this.#compareHigh;
      case MTIME:
        return this.#readLow();
      case MTIME_HIGH:
        return this.#readHigh();
      default:
        return 0;
    }
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (size !== 4) return;
    switch (offset) {
      case MSIP:
        this.#isSoftwarePending = (value & 1) === 1;
        break;
      case MTIMECMP:
        this.#compareLow = value;
        break;
      case MTIMECMP_HIGH:
        this.#compareHigh = value;
        break;
      case MTIME:
        this.#setTicks(this.ticks() - (this.ticks() % WORD) + value);
        break;
      case MTIME_HIGH:
        this.#setTicks((value % HIGH_LIMIT) * WORD + (this.ticks() % WORD));
        break;
      default:
        return;
    }
    this.#update();
  }

  reset(): void {
    this.#behind = 0;
    this.#compareLow = WORD - 1;
    this.#compareHigh = WORD - 1;
    this.#isSoftwarePending = false;
    this.#latchedHigh = undefined;
    this.#update();
  }

  save(): DeviceState {
    return {
      behind: this.#behind,
      compareLow: this.#compareLow,
      compareHigh: this.#compareHigh,
      software: this.#isSoftwarePending ? 1 : 0,
      ...(this.#latchedHigh === undefined ? {} : { latchedHigh: this.#latchedHigh }),
    };
  }

  restore(state: DeviceState): void {
    this.#behind = readNumber(state, "behind");
    this.#compareLow = readNumber(state, "compareLow", WORD - 1);
    this.#compareHigh = readNumber(state, "compareHigh", WORD - 1);
    this.#isSoftwarePending = readNumber(state, "software", 1) === 1;
    this.#latchedHigh = Object.hasOwn(state, "latchedHigh") ? readNumber(state, "latchedHigh", WORD - 1) : undefined;
    this.#update();
  }

  #elapsed(): number {
    return Math.floor(this.#clock.now() / NANOSECONDS_PER_TICK);
  }

  #setTicks(ticks: number): void {
    this.#behind = wrap(this.#elapsed() - ticks);
  }

  #readLow(): number {
    const ticks = this.ticks();
    this.#latchedHigh = Math.floor(ticks / WORD);
    return ticks % WORD;
  }

  #readHigh(): number {
    const high = this.#latchedHigh ?? Math.floor(this.ticks() / WORD);
    this.#latchedHigh = undefined;
    return high;
  }

  /** Drives the wires, and comes back when `mtime` will have reached `mtimecmp`. */
  #update(): void {
    this.#cancel();
    this.#cancel = () => {};
    this.#software.set(this.#isSoftwarePending);
    // Above 2^53 the number is rounded, but stays above: `mtime` never gets there.
    const compare = this.#compareHigh * WORD + this.#compareLow;
    const wait = compare - this.ticks();
    this.#timer.set(wait <= 0);
    if (wait <= 0 || compare >= TICKS_LIMIT) return;
    this.#cancel = this.#clock.schedule((this.#elapsed() + wait) * NANOSECONDS_PER_TICK, () => this.#update());
  }
}

/** Modulo 2^53. @param ticks a difference of two times: exact, where their sum would be rounded */
function wrap(ticks: number): number {
  return ticks < 0 ? ticks + TICKS_LIMIT : ticks;
}
