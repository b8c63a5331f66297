import type { FuzzedMachine } from "./fuzzed-machine.ts";

/** A guest that sleeps so often waits for something that does not come. */
const SLEEPS_MOST = 1000;

/** Keeps a boot within its bounds. */
export class BootWatch {
  /** The longest time between two looks, in ms of the thread's processor time. */
  longestSlice = 0;
  readonly #limit: number;
  #first = 0;
  #last = process.threadCpuUsage();
  #disturb: () => void = () => undefined;

  /** @param limit of instructions */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The machine is there, and is disturbed from now on. @param disturb is called between slices */
  begin(fuzzed: FuzzedMachine, disturb: () => void): void {
    this.#first = fuzzed.instructions;
    this.#disturb = disturb;
    this.#last = process.threadCpuUsage();
  }

  /** What it ran since then. */
  instructionsOf(fuzzed: FuzzedMachine): number {
    return fuzzed.instructions - this.#first;
  }

  /** Between two slices. */
  look(fuzzed: FuzzedMachine): void {
    const { user, system } = process.threadCpuUsage(this.#last);
    this.longestSlice = Math.max(this.longestSlice, (user + system) / 1000);
    this.#last = process.threadCpuUsage();
    if (this.instructionsOf(fuzzed) > this.#limit || fuzzed.sleeps > SLEEPS_MOST) void fuzzed.machine.pause();
    else this.#disturb();
  }
}
