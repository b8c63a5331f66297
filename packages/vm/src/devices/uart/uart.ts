import { readBytes, readFlag, readNumber } from "../../bus/device-state.ts";
import type { AccessSize, BusDevice, Clock, DeviceState, InterruptLine } from "../../bus/port.ts";
import { createOutput, type Output } from "./output.ts";
import {
  DIVISOR_LATCH,
  ENABLE,
  FIFO_BYTES,
  FIFO_CONTROL,
  IDENTIFICATION,
  LINE_STATUS,
  MODEM_CONTROL,
  MODEM_STATUS,
  REGISTER,
  TRIGGER_LEVELS,
} from "./registers.ts";

/** Bytes of the window on QEMU's `virt` board. */
export const UART_WINDOW_BYTES = 0x100;

/** A serial port, seen from the host as well. */
export interface Uart extends BusDevice {
  /**
   * Hands the guest what arrives on the line.
   * @returns how many of the bytes were taken, from the first; the rest is to be kept until `drained` is called
   */
  receive(bytes: Uint8Array): number;
  /** Transmits what is still collected. To be called when the machine stops. */
  flush(): void;
}

/** What a serial port is made with. */
export type UartOptions = {
  readonly name: string;
  readonly interrupt: InterruptLine;
  readonly clock: Clock;
  /** Takes what the guest sent, many bytes at a time. The bytes are the taker's to keep. */
  readonly transmit: (bytes: Uint8Array) => void;
  /** There is room again: the guest has read or dropped all that arrived. May call `receive`; may come without need. */
  readonly drained?: () => void;
};

/**
 * Makes a 16550 with FIFOs. The line is infinitely fast: a byte is sent when it is written, and a receiver timeout comes at once.
 * @see Texas Instruments PC16550D data sheet (SNLS378)
 */
export function createUart(options: UartOptions): Uart {
  return new Uart16550(options);
}

class Uart16550 implements Uart {
  readonly name: string;
  readonly #options: UartOptions;
  readonly #output: Output;
  #received: number[] = [];
  #interruptEnable = 0;
  #hasFifos = false;
  #trigger = 0;
  #lineControl = 0;
  #modemControl = 0;
  #scratch = 0;
  #divisorLow = 0;
  #divisorHigh = 0;
  #hasOverrun = false;
  /** MODEM_STATUS.changes. */
  #modemChanges = 0;
  /** The transmitter became empty, and nobody was told yet. */
  #isEmptyUntold = false;

  constructor(options: UartOptions) {
    this.name = options.name;
    this.#options = options;
    this.#output = createOutput(options);
  }

  receive(bytes: Uint8Array): number {
    if (this.#isLoopback()) return 0;
    const taken = bytes.subarray(0, Math.max(0, this.#capacity() - this.#received.length));
    this.#received.push(...taken);
    this.#update();
    return taken.length;
  }

  flush(): void {
    this.#output.flush();
  }

  read(offset: number, _size: AccessSize): number {
    switch (offset) {
      case REGISTER.data:
        return this.#isDivisorLatched() ? this.#divisorLow : this.#readReceived();
      case REGISTER.interruptEnable:
        return this.#isDivisorLatched() ? this.#divisorHigh : this.#interruptEnable;
      case REGISTER.interruptIdentification:
        return this.#readIdentification();
      case REGISTER.lineControl:
        return this.#lineControl;
      case REGISTER.modemControl:
        return this.#modemControl;
      case REGISTER.lineStatus:
        return this.#readLineStatus();
      case REGISTER.modemStatus:
        return this.#readModemStatus();
      case REGISTER.scratch:
        return this.#scratch;
      default:
        return 0;
    }
  }

  write(offset: number, _size: AccessSize, wide: number): void {
    const value = wide & 0xff;
    switch (offset) {
      case REGISTER.data:
        if (this.#isDivisorLatched()) this.#divisorLow = value;
        else this.#send(value);
        break;
      case REGISTER.interruptEnable:
        if (this.#isDivisorLatched()) this.#divisorHigh = value;
        else this.#writeInterruptEnable(value);
        break;
      case REGISTER.interruptIdentification:
        this.#writeFifoControl(value);
        break;
      case REGISTER.lineControl:
        this.#lineControl = value;
        break;
      case REGISTER.modemControl:
        this.#writeModemControl(value);
        break;
      case REGISTER.scratch:
        this.#scratch = value;
        break;
      default:
    }
    this.#update();
  }

  reset(): void {
    this.#output.flush();
    this.#received = [];
    this.#interruptEnable = 0;
    this.#hasFifos = false;
    this.#trigger = 0;
    this.#lineControl = 0;
    this.#modemControl = 0;
    this.#hasOverrun = false;
    this.#modemChanges = 0;
    this.#isEmptyUntold = false;
    this.#update();
    this.#askForMore();
  }

  /** What was sent is on its way before the moment that is saved. */
  save(): DeviceState {
    this.#output.flush();
    return {
      received: Uint8Array.from(this.#received),
      interruptEnable: this.#interruptEnable,
      fifos: this.#hasFifos,
      trigger: this.#trigger,
      lineControl: this.#lineControl,
      modemControl: this.#modemControl,
      scratch: this.#scratch,
      divisorLow: this.#divisorLow,
      divisorHigh: this.#divisorHigh,
      overrun: this.#hasOverrun,
      modemChanges: this.#modemChanges,
      emptyUntold: this.#isEmptyUntold,
    };
  }

  restore(state: DeviceState): void {
    this.#output.flush();
    this.#received = [...readBytes(state, "received", { maximum: FIFO_BYTES })];
    this.#interruptEnable = readNumber(state, "interruptEnable", ENABLE.all);
    this.#hasFifos = readFlag(state, "fifos");
    this.#trigger = readNumber(state, "trigger", TRIGGER_LEVELS.length - 1);
    this.#lineControl = readNumber(state, "lineControl", 0xff);
    this.#modemControl = readNumber(state, "modemControl", MODEM_CONTROL.all);
    this.#scratch = readNumber(state, "scratch", 0xff);
    this.#divisorLow = readNumber(state, "divisorLow", 0xff);
    this.#divisorHigh = readNumber(state, "divisorHigh", 0xff);
    this.#hasOverrun = readFlag(state, "overrun");
    this.#modemChanges = readNumber(state, "modemChanges", MODEM_STATUS.changes);
    this.#isEmptyUntold = readFlag(state, "emptyUntold");
    this.#update();
  }

  #isDivisorLatched(): boolean {
    return (this.#lineControl & DIVISOR_LATCH) !== 0;
  }

  #isLoopback(): boolean {
    return (this.#modemControl & MODEM_CONTROL.loopback) !== 0;
  }

  #capacity(): number {
    return this.#hasFifos ? FIFO_BYTES : 1;
  }

  #readReceived(): number {
    const byte = this.#received.shift();
    if (byte === undefined) return 0;
    if (this.#received.length === 0) this.#askForMore();
    this.#update();
    return byte;
  }

  #askForMore(): void {
    if (!this.#isLoopback()) this.#options.drained?.();
  }

  #send(byte: number): void {
    if (this.#isLoopback()) this.#loopBack(byte);
    else this.#output.push(byte);
    this.#isEmptyUntold = true;
  }

  #loopBack(byte: number): void {
    if (this.#received.length < this.#capacity()) this.#received.push(byte);
    else this.#hasOverrun = true;
  }

  #writeInterruptEnable(value: number): void {
    // Turned on while the transmitter is empty, its interrupt comes at once: Linux's driver tests for it.
    if ((value & ~this.#interruptEnable & ENABLE.transmitterEmpty) !== 0) this.#isEmptyUntold = true;
    this.#interruptEnable = value & ENABLE.all;
  }

  #writeFifoControl(value: number): void {
    const hasFifos = (value & FIFO_CONTROL.enable) !== 0;
    // To switch between the modes clears the FIFOs (data sheet, FIFO control register).
    const isCleared = hasFifos !== this.#hasFifos || (value & FIFO_CONTROL.clearReceived) !== 0;
    this.#hasFifos = hasFifos;
    this.#trigger = hasFifos ? value >>> 6 : 0;
    if (!isCleared) return;
    this.#received = [];
    this.#askForMore();
  }

  #writeModemControl(value: number): void {
    const before = this.#modemLines();
    this.#modemControl = value & MODEM_CONTROL.all;
    const after = this.#modemLines();
    // Of the ring line only its end counts (data sheet, modem status register).
    const changed = ((before ^ after) & ~MODEM_STATUS.ring) | (before & ~after & MODEM_STATUS.ring);
    this.#modemChanges |= changed >>> 4;
    // Nothing is taken from the host in loopback, so it may be waiting.
    if (this.#received.length === 0) this.#askForMore();
  }

  /** The lines of the modem: always ready; in loopback those of modem control (data sheet, modem control register). */
  #modemLines(): number {
    if (!this.#isLoopback()) return MODEM_STATUS.clearToSend | MODEM_STATUS.dataSetReady | MODEM_STATUS.carrier;
    const control = this.#modemControl;
    return (
      ((control & MODEM_CONTROL.requestToSend) === 0 ? 0 : MODEM_STATUS.clearToSend) |
      ((control & MODEM_CONTROL.terminalReady) === 0 ? 0 : MODEM_STATUS.dataSetReady) |
      ((control & MODEM_CONTROL.out1) === 0 ? 0 : MODEM_STATUS.ring) |
      ((control & MODEM_CONTROL.out2) === 0 ? 0 : MODEM_STATUS.carrier)
    );
  }

  #readLineStatus(): number {
    const status =
      LINE_STATUS.transmitterIdle |
      (this.#received.length > 0 ? LINE_STATUS.dataReady : 0) |
      (this.#hasOverrun ? LINE_STATUS.overrun : 0);
    this.#hasOverrun = false;
    this.#update();
    return status;
  }

  #readModemStatus(): number {
    const status = this.#modemLines() | this.#modemChanges;
    this.#modemChanges = 0;
    this.#update();
    return status;
  }

  #readIdentification(): number {
    const source = this.#source();
    if (source === IDENTIFICATION.transmitterEmpty) {
      this.#isEmptyUntold = false;
      this.#update();
    }
    return source | (this.#hasFifos ? IDENTIFICATION.fifosEnabled : 0);
  }

  /** The enabled source of the highest priority (data sheet, interrupt identification register). */
  #source(): number {
    const enabled = this.#interruptEnable;
    if ((enabled & ENABLE.lineStatus) !== 0 && this.#hasOverrun) return IDENTIFICATION.lineStatus;
    if ((enabled & ENABLE.received) !== 0 && this.#received.length > 0)
      return this.#received.length < (TRIGGER_LEVELS[this.#trigger] ?? 1)
        ? IDENTIFICATION.timeout
        : IDENTIFICATION.received;
    if ((enabled & ENABLE.transmitterEmpty) !== 0 && this.#isEmptyUntold) return IDENTIFICATION.transmitterEmpty;
    if ((enabled & ENABLE.modemStatus) !== 0 && this.#modemChanges !== 0) return IDENTIFICATION.modemStatus;
    return IDENTIFICATION.none;
  }

  #update(): void {
    this.#options.interrupt.set(this.#source() !== IDENTIFICATION.none);
  }
}
