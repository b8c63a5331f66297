import type { VirtualClock } from "../clock/virtual-clock.ts";
import { LEAVE } from "../memory/layout.ts";
import type { Processor } from "../processor/processor.ts";

/** What the machine's loop asks of the host. */
export type HostTime = {
  /** Monotonic time, in ns. */
  readonly now: () => number;
  /** Lets the host do other things; resolves soon. */
  readonly breathe: () => Promise<void>;
  /** Resolves after a time in ms, or as soon as `wake` is called. */
  readonly sleep: (milliseconds: number, wake: (call: () => void) => void) => Promise<void>;
};

/** Instructions between two looks at clock and interrupts. */
const SLICE = 200_000;
/** How long the host is kept from other things, in ns. */
const BREATH_NS = 4_000_000;
/** The longest sleep, in ms: clocks may be set. */
const LONGEST_SLEEP = 1000;

/** Runs a processor, slice after slice, as time goes on. */
export class MachineLoop {
  readonly #processor: Processor;
  readonly #clock: VirtualClock;
  readonly #host: HostTime;
  #wake: () => void = () => undefined;
  #isStopped = false;
  #breathedAt = 0;
  /** What was run since the machine was made. */
  instructions = 0;

  constructor(processor: Processor, clock: VirtualClock, host: HostTime) {
    this.#processor = processor;
    this.#clock = clock;
    this.#host = host;
  }

  /** Ends `run` after the current slice. */
  stop(): void {
    this.#isStopped = true;
    this.wake();
  }

  /** Something came from outside: a machine that waits looks. */
  wake(): void {
    this.#wake();
  }

  /** Runs until it is stopped. */
  async run(): Promise<void> {
    this.#isStopped = false;
    const offset = this.#host.now() - this.#clock.now();
    this.#breathedAt = this.#host.now();
    while (!this.#isStopped) {
      const now = this.#host.now();
      this.#clock.moveTo(now - offset);
      if (this.#isStopped) return;
      this.#processor.hart.takeInterrupt();
      const { leave, instructions } = this.#processor.run(SLICE);
      this.instructions += instructions;
      if (leave === LEAVE.wait) await this.#wait(offset);
      else if (now - this.#breathedAt > BREATH_NS) await this.#breathe();
    }
  }

  async #breathe(): Promise<void> {
    await this.#host.breathe();
    this.#breathedAt = this.#host.now();
  }

  /** The guest has nothing to do until an interrupt. */
  async #wait(offset: number): Promise<void> {
    await this.#breathe();
    while (!this.#isStopped && !this.#processor.hart.interruptPending()) {
      const left = (this.#clock.next() + offset - this.#host.now()) / 1e6;
      if (left > 0) await this.#host.sleep(Math.min(left, LONGEST_SLEEP), (call) => (this.#wake = call));
      this.#clock.moveTo(this.#host.now() - offset);
    }
  }
}
