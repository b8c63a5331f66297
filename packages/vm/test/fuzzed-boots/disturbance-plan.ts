import type { Random } from "../../src/testing/random.ts";

/** How often things go wrong in one boot: each in so many out of a million of its occasions. */
export type DisturbancePlan = {
  /** Reads of registers that answer something else. */
  readonly reads: number;
  /** Writes to registers that are dropped, doubled, or end up with another value or elsewhere. */
  readonly writes: number;
  /** Notifications of a queue before which, or after which, its rings and buffers are scribbled on. */
  readonly rings: number;
  /** Slices after which an interrupt line is pulled, or let go. */
  readonly interrupts: number;
  /** Slices after which something comes in from outside: keys, frames, bytes for a port, another size, another balloon. */
  readonly input: number;
  /** Slices after which time jumps by up to ten seconds. */
  readonly time: number;
  /** Disk requests that fail, or read something else. */
  readonly disk: number;
  /** Slices after which a device writes anywhere in RAM. */
  readonly memory: number;
};

/** Nothing goes wrong. */
export const QUIET: DisturbancePlan = {
  reads: 0,
  writes: 0,
  rings: 0,
  interrupts: 0,
  input: 0,
  time: 0,
  disk: 0,
  memory: 0,
};

/** Never, seldom enough for the guest to get far, often, nearly always. The first few boots would end at once by the last ones. */
const REGISTER_RATES = [0, 0, 20, 300, 3000, 60_000] as const;
const QUEUE_RATES = [0, 0, 2000, 30_000, 300_000] as const;
const SLICE_RATES = [0, 0, 300, 5000, 100_000] as const;
const MEMORY_RATES = [0, 0, 0, 0, 100, 2000] as const;

/** Draws what goes wrong in a boot, and how often. */
export function drawPlan(random: Random): DisturbancePlan {
  return {
    reads: random.pick(REGISTER_RATES),
    writes: random.pick(REGISTER_RATES),
    rings: random.pick(QUEUE_RATES),
    interrupts: random.pick(SLICE_RATES),
    input: random.pick(SLICE_RATES),
    time: random.pick(SLICE_RATES),
    disk: random.pick(QUEUE_RATES),
    memory: random.pick(MEMORY_RATES),
  };
}

/** Is it time for something that happens so often? @param rate out of a million */
export function happens(random: Random, rate: number): boolean {
  return rate > 0 && random.below(1_000_000) < rate;
}

/** A number that may hurt: near zero, near a power of two, an address of RAM, or any. Unsigned, 32 bits. */
export function awkwardWord(random: Random): number {
  const powers = (2 ** random.below(33) + random.between(-2, 2)) % 2 ** 32;
  const choices = [
    random.below(20),
    (powers + 2 ** 32) % 2 ** 32,
    0x8000_0000 + random.below(0x1000_0000),
    random.word(),
  ];
  return random.pick(choices);
}

/** Bytes of any value. */
export function anyBytes(random: Random, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random.below(256));
}
