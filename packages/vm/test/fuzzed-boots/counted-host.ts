import type { MachineHost } from "../../src/machine/host.ts";
import type { Random } from "../../src/testing/random.ts";

/** What a host without a clock asks of its machine. */
export type CountedHostOptions = {
  /** Instructions that the machine has run. */
  readonly instructions: () => number;
  readonly random: Random;
  /** Called between two slices. */
  readonly onBreath: () => void;
  /** Called when the machine sleeps. */
  readonly onSleep: () => void;
};

/** Guests of the time of a slow processor: timers come every 100,000 instructions. */
const INSTRUCTION_NS = 40;
/** A guest that looks at the clock in a loop sees it go on. */
const LOOK_NS = 100;
/** Time of day at power-on: 2025-01-01 00:00 UTC. */
const START_NS = 1_735_689_600e9;

/** A host whose time is the number of instructions: what runs on it once runs the same again. */
export class CountedHost implements MachineHost {
  readonly #options: CountedHostOptions;
  #skipped = 0;
  #last = 0;

  constructor(options: CountedHostOptions) {
    this.#options = options;
  }

  /** Time goes on, all at once. @param nanoseconds not below 0 */
  skip(nanoseconds: number): void {
    this.#skipped += nanoseconds;
  }

  now(): number {
    this.#skipped += LOOK_NS;
    this.#last = Math.max(this.#last, this.#options.instructions() * INSTRUCTION_NS + this.#skipped);
    return this.#last;
  }

  wallClock(): number {
    return START_NS + this.#last;
  }

  random(into: Uint8Array): void {
    for (let at = 0; at < into.length; at++) into[at] = this.#options.random.below(256);
  }

  breathe(): Promise<void> {
    this.#options.onBreath();
    return Promise.resolve();
  }

  sleep(milliseconds: number): Promise<void> {
    this.skip(milliseconds * 1e6);
    this.#options.onSleep();
    return Promise.resolve();
  }
}
