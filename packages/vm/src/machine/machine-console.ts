import type { Uart } from "../devices/uart/uart.ts";

/** The serial console, from the host's side. */
export interface MachineConsole {
  /**
   * Types into the console, after what is still waiting to be typed.
   * @returns resolves when the guest's serial port has taken the last byte; await it before writing more
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Listens to what the guest prints.
   * @param listener is given bytes that are its own to keep, and those of all listeners: to read from only
   * @returns stops listening
   */
  onData(listener: (bytes: Uint8Array) => void): () => void;
  /** Resolves once the guest has printed something, and is waiting for interrupts, that of its serial port among them. */
  untilListening(): Promise<void>;
}

/** Offsets and bits of the serial port's registers (PC16550D data sheet), as a firmware's console uses them. */
const DATA = 0;
const INTERRUPT_ENABLE = 1;
const LINE_CONTROL = 3;
const LINE_STATUS = 5;
const RECEIVED = 1;
const DIVISOR_LATCH = 0x80;

type Input = { rest: Uint8Array; readonly done: () => void };

/** Stands between the host's streams and the guest's serial port. */
export class SerialConsole implements MachineConsole {
  readonly #listeners = new Set<(bytes: Uint8Array) => void>();
  readonly #waiting: (() => void)[] = [];
  #inputs: Input[] = [];
  #uart: Uart | undefined;
  #hasPrinted = false;

  /** The machine goes on from a snapshot: its guest has printed long ago. */
  resume(): void {
    this.#hasPrinted = true;
  }

  /** Connects it to its port: to be called once, before the machine runs. */
  connect(uart: Uart): void {
    this.#uart = uart;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return Promise.resolve();
    return new Promise((done) => {
      this.#inputs.push({ rest: bytes.slice(), done });
      if (this.#inputs.length === 1) this.feed();
    });
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  untilListening(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** The guest printed. */
  readonly transmit = (bytes: Uint8Array): void => {
    this.#hasPrinted = true;
    for (const listener of this.#listeners) listener(bytes);
  };

  /** The serial port may have room. */
  readonly feed = (): void => {
    for (let input = this.#inputs[0]; input !== undefined && this.#uart !== undefined; input = this.#inputs[0]) {
      const taken = this.#uart.receive(input.rest);
      input.rest = input.rest.subarray(taken);
      if (input.rest.length > 0) return;
      this.#inputs.shift();
      input.done();
    }
  };

  /** The guest waits for interrupts. */
  idle(): void {
    if (this.#waiting.length === 0 || !this.#hasPrinted || !this.#listens()) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Prints what does not come by way of the serial port, in order with what does. */
  print(bytes: Uint8Array): void {
    this.#uart?.flush();
    this.transmit(bytes.slice());
  }

  /** Takes input as a firmware does: out of the serial port. @returns how many bytes there were */
  read(into: Uint8Array): number {
    return this.#uart === undefined ? 0 : readFrom(this.#uart, into);
  }

  #listens(): boolean {
    const uart = this.#uart;
    if (uart === undefined || (uart.read(LINE_CONTROL, 1) & DIVISOR_LATCH) !== 0) return false;
    return (uart.read(INTERRUPT_ENABLE, 1) & RECEIVED) !== 0;
  }
}

function readFrom(uart: Uart, into: Uint8Array): number {
  let length = 0;
  for (; length < into.length && (uart.read(LINE_STATUS, 1) & RECEIVED) !== 0; length++)
    into[length] = uart.read(DATA, 1);
  return length;
}
