import type { VirtualClock } from "../clock/virtual-clock.ts";
import { LEAVE } from "../memory/layout.ts";
import type { Processor } from "../processor/processor.ts";
import type { MachineHost } from "./host.ts";

/** Why slices ended, how often: their instructions were over, the guest waits for an interrupt, or something else called for attention. */
export type SliceEnds = { readonly slice: number; readonly wait: number; readonly other: number };

/** What a loop is made of. */
export type MachineLoopOptions = {
  readonly processor: Processor;
  readonly clock: VirtualClock;
  readonly host: Pick<MachineHost, "now" | "breathe" | "sleep">;
  /** Instructions between two looks at clock and interrupts: 1 to 2^30. */
  readonly sliceInstructions?: number;
  /** The guest has nothing to do. Called before each sleep; may give it something. */
  readonly onIdle: () => void;
  /** Called after each slice. */
  readonly onSlice?: () => void;
};

const SLICE_INSTRUCTIONS = 200_000;
/** How long the host is kept from other things, in ns. */
const BREATH_NS = 4_000_000;
/** The longest sleep, in ms: the host's clock may jump. */
const LONGEST_SLEEP = 1000;
/** Timers of hosts know whole milliseconds only: what is shorter is waited for awake. */
const SHORTEST_SLEEP = 1;
/** From here on, in ms, sleeps may end late, by 1 and by 2 ms: an idle machine would else be awake for what is left of each. */
const PATIENT_SLEEP = 3;
const LONG_SLEEP = 20;

/** Runs a processor, slice after slice, as time goes on. The machine's time stands still while the loop doesn't run. */
export class MachineLoop {
  readonly #options: MachineLoopOptions;
  readonly #ends = { slice: 0, wait: 0, other: 0 };
  #wake: () => void = () => undefined;
  #isStopped = false;
  #breathedAt = 0;
  #instructions = 0;
  #wallNanoseconds = 0;

  constructor(options: MachineLoopOptions) {
    this.#options = options;
  }

  /** What was run since the machine was made. */
  get instructions(): number {
    return this.#instructions;
  }

  /** Time in `run`, sleeps included, in seconds. */
  get wallSeconds(): number {
    return this.#wallNanoseconds / 1e9;
  }

  /** Why slices ended. */
  get ends(): SliceEnds {
    return { ...this.#ends };
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

  /** Runs until it is stopped; for at least one slice. */
  async run(): Promise<void> {
    const { clock, host } = this.#options;
    this.#isStopped = false;
    const startedAt = host.now();
    this.#breathedAt = startedAt;
    const offset = startedAt - clock.now();
    clock.follow(() => host.now() - offset);
    try {
      await this.#runSlices(offset);
    } finally {
      clock.follow(undefined);
      this.#wallNanoseconds += host.now() - startedAt;
    }
  }

  /** @param offset from the machine's time to the host's, in ns */
  async #runSlices(offset: number): Promise<void> {
    const { clock, host, processor } = this.#options;
    while (!this.#isStopped) {
      const now = host.now();
      clock.moveTo(now - offset);
      processor.hart.takeInterrupt();
      const leave = this.#runSlice();
      if (leave === LEAVE.wait) await this.#wait(offset);
      else if (processor.isCompiling || now - this.#breathedAt > BREATH_NS) await this.#breathe();
    }
    // The last slice, too, took its time: a machine that was paused goes on as one that was not.
    clock.moveTo(host.now() - offset);
  }

  #runSlice(): number {
    const { processor, sliceInstructions = SLICE_INSTRUCTIONS, onSlice } = this.#options;
    const { leave, instructions } = processor.run(sliceInstructions);
    this.#instructions += instructions;
    if (leave === LEAVE.none) this.#ends.slice++;
    else if (leave === LEAVE.wait) this.#ends.wait++;
    else this.#ends.other++;
    onSlice?.();
    return leave;
  }

  async #breathe(): Promise<void> {
    const { host } = this.#options;
    await host.breathe();
    this.#breathedAt = host.now();
  }

  /** The guest has nothing to do until an interrupt. */
  async #wait(offset: number): Promise<void> {
    const { clock, host, processor } = this.#options;
    await this.#breathe();
    clock.moveTo(host.now() - offset);
    while (!this.#isStopped && !processor.hart.interruptPending()) {
      const left = (clock.next() + offset - host.now()) / 1e6;
      if (left > 0) await this.#sleep(left);
      clock.moveTo(host.now() - offset);
    }
  }

  async #sleep(milliseconds: number): Promise<void> {
    const { host, processor, onIdle } = this.#options;
    onIdle();
    if (processor.hart.interruptPending()) return;
    if (milliseconds < SHORTEST_SLEEP) return this.#breathe();
    await host.sleep(Math.min(toHostSleep(milliseconds), LONGEST_SLEEP), (wake) => (this.#wake = wake));
    this.#breathedAt = host.now();
  }
}

/** Hosts wake whom they let sleep up to 1 ms early. */
function toHostSleep(milliseconds: number): number {
  if (milliseconds < PATIENT_SLEEP) return milliseconds;
  return Math.ceil(milliseconds) + (milliseconds < LONG_SLEEP ? 0 : 1);
}
